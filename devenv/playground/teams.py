"""`python -m devenv.playground.teams`: two accounts, each with a state machine, an alarm and a role for the operator.

With `--who`: which session of which role has shifted which alias, as CloudTrail of these accounts would show it.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from devenv.aws.client import DEFAULT_ACCOUNT, Emulator, trusting
from devenv.demo.order_processor import ALIAS

_POLICY = Path(__file__).parents[2] / "deploy" / "aws" / "target" / "iam-policy.json"
_ROLE = "sfn-rollouts"
TEAMS = (("orders", "111111111111", "orders-intake"), ("payments", "222222222222", "payments-charge"))
"""Namespace, account, state machine: as in examples/teams."""


def main() -> int:
    """Set them up on the AWS that the environment names."""
    parser = argparse.ArgumentParser(prog="python -m devenv.playground.teams")
    parser.add_argument("--who", action="store_true", help="show who has shifted the aliases")
    url, is_asking = os.environ["AWS_ENDPOINT_URL"], parser.parse_args().who
    for namespace, account, machine in TEAMS:
        team = Emulator(url, account=account)
        if is_asking:
            _show(team)
        else:
            _set_up(team, namespace, machine)
    return 0


def _set_up(team: Emulator, namespace: str, machine: str) -> None:
    external_id = f"{namespace}-production"
    shipped = _POLICY.read_text().replace("222222222222", team.account).replace("payments-*", machine)
    operator = f"arn:aws:iam::{DEFAULT_ACCOUNT}:root"
    team.put_role(_ROLE, json.loads(shipped), trust=trusting(operator, external_id=external_id, may_tag=True))
    team.create_alias(team.publish_machine(machine), ALIAS, {1: 100})
    team.put_alarm(f"{machine}-failures")
    print(
        f"account {team.account}: {machine} with versions 1 and 2, alias {ALIAS} on 1; role {_ROLE} trusts account "
        f"{DEFAULT_ACCOUNT} with external id {external_id}"
    )


def _show(team: Emulator) -> None:
    shifts = [call for call in team.calls("UpdateStateMachineAlias") if call.account == team.account]
    for caller in dict.fromkeys(call.caller for call in shifts):
        print(f"{caller} shifted {shifts[0].params['stateMachineAliasArn'].rpartition(':stateMachine:')[2]}")


if __name__ == "__main__":
    sys.exit(main())
