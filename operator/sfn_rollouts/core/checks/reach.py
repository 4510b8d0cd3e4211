"""Whether the alias is this resource's to look after at all: judged before anything there is looked at.

The ARN is the text of whoever wrote the resource, the credentials are one. AWS would answer for their own account where
a call names none: alarms of the same names in the wrong account would be taken for those of the rollout.
"""

from dataclasses import replace
from datetime import datetime

from sfn_rollouts.api.spec import Spec
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.access import Granted
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.findings import PASS, Finding, Hold
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Account, Trouble, Unseen
from sfn_rollouts.core.values.reasons import Reason


def foreign_account(spec: Spec, seen: Observation) -> Hold | None:
    """Return why the rollout is none of this operator's; None where it is, or nobody could tell."""
    machine, ours = StateMachineArn.parse(spec.state_machine_arn), seen.account
    if not isinstance(ours, Account) or ours.owns(machine):
        return None
    if isinstance(seen.access, Granted) and seen.access.use.role_arn:
        message = (
            f"the state machine is in account {_named(machine.account, machine.partition)}, and the role of AWSAccess "
            f"{seen.access.use.name} in account {_named(ours.number, ours.partition)}: whoever writes AWSAccesses has "
            "to name a role of the machine's account, or to leave the machine out of stateMachines"
        )
        return Hold(Reason.FOREIGN_ACCOUNT, message, needs_person=True)
    message = (
        f"the state machine is in account {_named(machine.account, machine.partition)}, and the operator has "
        f"credentials of account {_named(ours.number, ours.partition)}: delete this resource and create one with a "
        "stateMachineArn of that account, or run an operator with credentials of the other one"
    )
    return Hold(Reason.FOREIGN_ACCOUNT, message, needs_person=True)


def credentials_are_of_another_account(case: Case) -> Finding:
    """Nothing can be called. Exchanged in flight: no step can be taken, and the way back is tried all the same."""
    return foreign_account(case.spec, case.seen) or PASS


def region_is_unknown(case: Case) -> Finding:
    """No call can be made there."""
    if case.seen.is_region_known:
        return PASS
    machine = StateMachineArn.parse(case.spec.state_machine_arn)
    message = (
        f"region {machine.region} is not known in partition {machine.partition}: delete this resource and create one "
        "with the right region in stateMachineArn; for a region newer than the operator, upgrade it or set its "
        "AWS_REGION to that region"
    )
    return Hold(Reason.UNKNOWN_REGION, message, needs_person=True)


def another_resource_has_the_alias(case: Case) -> Finding:
    """Two resources on one alias: the one in flight acts, else the older. It is not named: it may be another team's."""
    if not case.seen.has_older_rival:
        return PASS
    message = (
        f"another resource already manages alias {case.spec.alias} of this state machine, so this one does nothing: "
        "delete one of the two; it may be in a namespace that you cannot see: who may list all finds it by its "
        "stateMachineArn (kubectl get sfnrollouts -A -o wide)"
    )
    return Hold(Reason.ALIAS_CONFLICT, message, needs_person=True)


def without_foreign_alarms(spec: Spec, seen: Observation, now: datetime) -> Observation:
    """Return what is seen of a rollout in flight whose credentials were exchanged for those of another account."""
    names = spec.alarms.names if spec.alarms is not None else ()
    unseen = Unseen("it is in another account than the operator's credentials", now, Trouble.DENIED)
    return replace(seen, alarms=dict.fromkeys(names, unseen))


def _named(account: str, partition: str) -> str:
    return account if partition == "aws" else f"{account} of partition {partition}"
