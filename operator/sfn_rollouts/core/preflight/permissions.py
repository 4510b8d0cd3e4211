"""IAM has no versions: a role must suit every version that has traffic, the stable one and the target.

Resource policies are not simulated for roles (IAM API reference, SimulatePrincipalPolicy), so what no policy of the
role allows may work all the same; the message says so.
"""

from collections.abc import Iterator, Mapping, Sequence

from sfn_rollouts.api.preflight import PreflightFinding
from sfn_rollouts.arns import Arn
from sfn_rollouts.asl.outline import Outline, made_once
from sfn_rollouts.asl.rights import Right, Undecided
from sfn_rollouts.asl.states import pointer
from sfn_rollouts.core.preflight.reading import definition_of
from sfn_rollouts.core.preflight.subject import Findings, Found, Subject, together
from sfn_rollouts.core.values.looks import AskRole, Look
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import Unseen
from sfn_rollouts.core.values.targets import Permission, Permissions

MOST_ASKED = 200
"""Rights of one role. IAM answers for some twenty resources a call, and throttles an account after some calls."""


def permissions(subject: Subject, seen: Observation, findings: Findings) -> Found:
    """Find actions that a version with traffic needs and that its role does not have."""
    versions = [subject.version]
    if subject.stable is not None and subject.stable != subject.version:
        versions.append(subject.stable)
    parts = [_of_version(version, subject, seen, findings) for version in versions]
    return together(parts)


def _of_version(version: int, subject: Subject, seen: Observation, findings: Findings) -> Found:
    definition = definition_of(version, subject, seen, findings)
    if isinstance(definition, Found):
        return definition
    arn = subject.machine.version(version)
    by_role = _by_role(definition.outline, definition.role)
    looks: list[Look[Permissions]] = []
    asked: list[Look[Permissions]] = []
    found: list[PreflightFinding] = []
    for role, rights in by_role.items():
        if not role:
            found.append(findings.unknown(arn, "the role of a definition that was given as a file is not known"))
            continue
        if (account := _account(role)) != subject.machine.account:
            found.append(findings.unknown(role, _elsewhere(version, role, account, rights[0])))
            continue
        first = rights[:MOST_ASKED]
        look = AskRole(role, frozenset((right.action, right.resource) for right in first))
        answer = seen.of(look)
        asked.append(look)
        if answer is None:
            looks.append(look)
        elif isinstance(answer, Unseen):
            found.append(findings.unknown(role, f"what it may do could not be asked: {answer.why}"))
        else:
            found += _lacking(version, role, first, answer, findings)
        if len(rights) > MOST_ASKED:
            found.append(findings.unknown(role, _left_out(version, len(rights))))
    found += _of_undecided(version, arn, _undecided(definition.outline), findings)
    passed = _passed(definition.role, version, sum(map(len, by_role.values())))
    return findings.conclude(found, arn, passed, looks, asked)


def _passed(role: str, version: int, count: int) -> str:
    """Only what the definition shows: ECS needs iam:PassRole for roles that stand in the task definition, say."""
    if not count:
        return f"the definition of version {version} shows nothing that its role needs a permission for"
    return f"role {role} has each permission that the definition of version {version} shows a need for ({count})"


@made_once
def _by_role(outline: Outline, role: str) -> Mapping[str, Sequence[Right]]:
    """`role` is the one that the version carries."""
    rights: dict[str, list[Right]] = {}
    for right in outline.rights:
        if isinstance(right, Right):
            rights.setdefault(right.role or role, []).append(right)
    return rights


@made_once
def _undecided(outline: Outline) -> Sequence[Undecided]:
    return [right for right in outline.rights if isinstance(right, Undecided)]


def _account(role: str) -> str:
    try:
        return Arn.parse(role).account
    except ValueError:
        return ""


def _elsewhere(version: int, role: str, account: str, right: Right) -> str:
    where = f"account {account}" if account else "an account that its name does not tell"
    state = ".".join(right.path)
    return f"version {version} uses role {role} in state {state}; it is in {where}, where nothing can be asked"


def _left_out(version: int, count: int) -> str:
    return f"version {version} needs {count} permissions of it, of which only the first {MOST_ASKED} are asked for"


def _lacking(
    version: int, role: str, rights: Sequence[Right], answer: Permissions, findings: Findings
) -> Iterator[PreflightFinding]:
    for right in rights:
        permission = answer.of.get((right.action, right.resource), Permission.UNDECIDED)
        what = f"state {'.'.join(right.path)} of version {version} needs {right.action} on {right.resource}"
        match permission:
            case Permission.NOT_ALLOWED:
                message = (
                    f"{what}, and no policy of role {role} allows it: allow it there, for as long as this version has "
                    "traffic (a policy of the resource, which is not looked at, may allow it too)"
                )
                yield findings.problem(pointer(right.path), message)
            case Permission.DENIED:
                message = (
                    f"{what}, and a policy of role {role}, its boundary or its organization denies it: take out that "
                    "statement, for as long as this version has traffic"
                )
                yield findings.problem(pointer(right.path), message)
            case Permission.UNDECIDED:
                message = f"{what}: whether role {role} may do so depends on a condition that only a real call decides"
                yield findings.unknown(pointer(right.path), message)


def _of_undecided(
    version: int, arn: str, undecided: Sequence[Undecided], findings: Findings
) -> Iterator[PreflightFinding]:
    """One finding for all of them: a definition that calls services beyond the table is no list of alarms."""
    if undecided:
        first = undecided[0]
        more = f" (and {len(undecided) - 1} more like it)" if len(undecided) > 1 else ""
        message = f"state {'.'.join(first.path)} of version {version} {first.why}: its permissions are not known{more}"
        yield findings.unknown(arn, message)
