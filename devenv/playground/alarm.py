"""`python -m devenv.playground.alarm NAME STATE`: as `aws cloudwatch set-alarm-state`, where there is no AWS CLI."""

import argparse
import sys
from typing import Any

import boto3


def main() -> int:
    """Set the alarm on the AWS that the environment names."""
    parser = argparse.ArgumentParser(prog="python -m devenv.playground.alarm")
    parser.add_argument("name")
    parser.add_argument("state", choices=("OK", "ALARM", "INSUFFICIENT_DATA"))
    asked = parser.parse_args()
    client: Any = boto3.client("cloudwatch")
    client.set_alarm_state(AlarmName=asked.name, StateValue=asked.state, StateReason="set by hand")
    print(f"{asked.name} is {asked.state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
