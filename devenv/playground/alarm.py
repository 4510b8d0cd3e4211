"""`python -m devenv.playground.alarm NAME STATE`: as `aws cloudwatch set-alarm-state`, where there is no AWS CLI."""

import sys

import boto3


def main() -> int:
    """Set the alarm on the AWS that the environment names."""
    if len(sys.argv) != 3:
        print("usage: python -m devenv.playground.alarm NAME OK|ALARM|INSUFFICIENT_DATA", file=sys.stderr)
        return 2
    name, state = sys.argv[1:]
    boto3.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="set by hand")
    print(f"{name} is {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
