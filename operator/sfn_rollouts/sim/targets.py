"""What is behind the simulated versions: a function that each of them calls, and a role that may invoke it."""

from collections.abc import Collection
from datetime import datetime

from sfn_rollouts.arns import FUNCTION
from sfn_rollouts.asl.outline import Outline
from sfn_rollouts.asl.pins import LAMBDA, Call, Pin
from sfn_rollouts.asl.rights import Right
from sfn_rollouts.core.values.arn import StateMachineArn
from sfn_rollouts.core.values.targets import CalleeReading, CallersReading, DefinitionReading, Permission, Permissions


class Targets:
    """What is behind the versions of one state machine: each calls one function, which its role may invoke.

    `unpinned` versions call it without a version; those that have `outlines` do what these say. `is_allowed` and
    `is_there` may change while the world runs.
    """

    def __init__(self) -> None:
        self.outlines: dict[int, Outline] = {}
        self.unpinned: frozenset[int] = frozenset()
        self.is_allowed = True
        self.is_there = True

    def change(self, is_there: bool, is_allowed: bool) -> None:
        """The function comes or goes, the permission is given or taken away."""
        self.is_there, self.is_allowed = is_there, is_allowed

    def has_problem(self, version: int) -> bool:
        """Whether a check may find something wrong with this version, or with the role that all of them have."""
        is_suspect = version in self.unpinned or version in self.outlines
        return is_suspect or not self.is_there or not self.is_allowed

    def outline(self, machine: StateMachineArn, version: int) -> Outline:
        """Return what a version calls and needs."""
        if version in self.outlines:
            return self.outlines[version]
        is_pinned = version not in self.unpinned
        qualifier = str(version) if is_pinned else None
        bare = f"arn:{machine.partition}:lambda:{machine.region}:{machine.account}:function:work"
        arn = f"{bare}:{qualifier}" if qualifier else bare
        call = Call(("Work",), LAMBDA, FUNCTION.parse(arn), Pin.VERSION if is_pinned else Pin.NOTHING, arn)
        return Outline((call,), (Right("lambda:InvokeFunction", arn, ("Work",)),))

    def definition(self, machine: StateMachineArn, version: int, read_at: datetime) -> DefinitionReading:
        """DescribeStateMachine of a version."""
        role = f"arn:{machine.partition}:iam::{machine.account}:role/work"
        return DefinitionReading(self.outline(machine, version), role, is_express=False, read_at=read_at)

    def callee(self, read_at: datetime) -> CalleeReading:
        """GetFunctionConfiguration, of whichever function."""
        return CalleeReading("" if self.is_there else "Lambda knows no such function", read_at)

    def permissions(self, rights: Collection[tuple[str, str]], read_at: datetime) -> Permissions:
        """SimulatePrincipalPolicy, of whichever role."""
        permission = Permission.ALLOWED if self.is_allowed else Permission.NOT_ALLOWED
        return Permissions(dict.fromkeys(rights, permission), read_at)

    def callers(self, read_at: datetime) -> CallersReading:
        """ListExecutions of the last day: three, by the alias."""
        return CallersReading(0, 3, more=False, read_at=read_at)
