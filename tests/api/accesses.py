"""Manifests of AWSAccess as a table, in the manner of `manifests`."""

import copy
from typing import Any

from tests.api.manifests import LEFT_OUT, Refused

MACHINES = "arn:aws:states:eu-west-1:222222222222:stateMachine:payments-*"
ROLE = "arn:aws:iam::222222222222:role/sfn-rollouts"


def access(name: str = "payments-production", **spec: Any) -> dict[str, Any]:
    """Return a valid manifest; fields are set, and LEFT_OUT leaves one out."""
    whole = {"namespaces": {"names": ["payments"]}, "stateMachines": [MACHINES], "roleArn": ROLE, **spec}
    kept = {field: copy.deepcopy(value) for field, value in whole.items() if value is not LEFT_OUT}
    return {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "AWSAccess",
        "metadata": {"name": name},
        "spec": kept,
    }


def selecting(**selector: Any) -> dict[str, Any]:
    return access(namespaces={"selector": selector})


def requiring(operator: str, *values: str, key: str = "team") -> dict[str, Any]:
    given = {"values": list(values)} if values else {}
    return selecting(matchExpressions=[{"key": key, "operator": operator, **given}])


def machines(*patterns: str) -> dict[str, Any]:
    return access(stateMachines=list(patterns))


NOT_A_PATTERN = (
    "is not the ARN of state machines: write arn:aws:states:REGION:ACCOUNT:stateMachine:NAME; "
    "REGION, ACCOUNT and NAME may end in '*'"
)
STAR_WITHIN = "has a '*' within a part: put it at the end of one, as in payments-*"
NOT_A_ROLE = (
    "is not the ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME, or leave it out for the operator's own identity"
)
NOT_A_NAMESPACE = (
    "is not a name of a namespace: use lower-case letters, digits and '-', a letter or digit first and last"
)
NOT_AN_EXTERNAL_ID = "is not an external id: use letters, digits, '_', '+', '=', ',', '.', '@', ':', '/' and '-' only"

ACCEPTED: dict[str, dict[str, Any]] = {
    "a role for a namespace": access(),
    "the operator's own identity": access(roleArn=LEFT_OUT),
    "every field": access(
        namespaces={"names": ["payments"], "selector": {"matchLabels": {"team": "payments"}}},
        aliases=["live", "preview"],
        externalId="sfn-rollouts:payments/production@2026=1,2+3_4.5",
        sessionTags="Namespace",
    ),
    "two hundred namespaces": access(namespaces={"names": [f"team-{number}" for number in range(200)]}),
    "a namespace of 63 characters that begins with a digit": access(namespaces={"names": ["0" + "a" * 62]}),
    "a selector of everything": selecting(),
    "a selector of labels": selecting(matchLabels={"team": "payments", "example.com/stage": ""}),
    "fifty labels": selecting(matchLabels={f"label-{number}": "x" * 63 for number in range(50)}),
    "a label of null": selecting(matchLabels={"team": None}),
    "one of several values": requiring("In", "payments", "billing", key="example.com/team"),
    "none of several values": requiring("NotIn", "Sand_box.1", ""),
    "a label with any value": requiring("Exists"),
    "no label": requiring("DoesNotExist"),
    "an empty list of values": selecting(matchExpressions=[{"key": "team", "operator": "Exists", "values": []}]),
    "twenty requirements": selecting(matchExpressions=[{"key": "team", "operator": "Exists"}] * 20),
    "fifty values": requiring("In", *(f"{number:063}" for number in range(50))),
    "one state machine": machines("arn:aws:states:eu-west-1:222222222222:stateMachine:Payments"),
    "fifty state machines": machines(*(f"{MACHINES[:-1]}{number}" for number in range(50))),
    "every state machine": machines("arn:*:states:*:*:stateMachine:*"),
    "a beginning of each part": machines("arn:aws-*:states:eu-*:2222*:stateMachine:payments-*"),
    "a state machine with a name of 80 characters": machines(MACHINES.replace("payments-*", "é" * 80)),
    "a beginning of 80 characters": machines(MACHINES.replace("payments-", "x" * 80)),
    "any alias": access(aliases=[]),
    "fifty aliases": access(aliases=[f"alias-{number}" for number in range(50)]),
    "a role with a path": access(roleArn="arn:aws-us-gov:iam::222222222222:role/teams/payments/a+b=c,d.e@f-g_h"),
    "the shortest external id": access(externalId="ab"),
    "the longest external id": access(externalId="a" * 1224),
    "no tags": access(sessionTags="None", roleArn=LEFT_OUT),
}

REFUSED: dict[str, Refused] = {
    # namespaces
    "no namespaces": Refused(
        access(namespaces=LEFT_OUT),
        "spec.namespaces",
        "is required: Whose rollouts: give names, selector or both; where both are given, both must hold",
        "Required value",
    ),
    "namespaces of nothing": Refused(
        access(namespaces={}), "spec.namespaces", "namespaces is empty: give names or selector"
    ),
    "an empty list of namespaces": Refused(
        access(namespaces={"names": []}),
        "spec.namespaces.names",
        "has 0 items: give 1 to 200",
        "spec.namespaces.names in body should have at least 1 items",
    ),
    "two hundred and one namespaces": Refused(
        access(namespaces={"names": [f"team-{number}" for number in range(201)]}),
        "spec.namespaces.names",
        "has 201 items: give 1 to 200",
        "must have at most 200 items",
    ),
    "a namespace twice": Refused(
        access(namespaces={"names": ["a", "a"]}),
        "spec.namespaces.names",
        "'a' is listed twice: leave one out",
        'Duplicate value: "a"',
    ),
    "a namespace by a star": Refused(
        access(namespaces={"names": ["team-*"]}), "spec.namespaces.names[0]", f"'team-*' {NOT_A_NAMESPACE}"
    ),
    "a namespace in capitals": Refused(
        access(namespaces={"names": ["Team"]}), "spec.namespaces.names[0]", f"'Team' {NOT_A_NAMESPACE}"
    ),
    "an empty name of a namespace": Refused(
        access(namespaces={"names": [""]}),
        "spec.namespaces.names[0]",
        "'' has 0 characters: give 1 to 63 characters",
        "spec.namespaces.names[0] in body should be at least 1 chars long",
    ),
    "In without values": Refused(
        requiring("In"),
        "spec.namespaces.selector.matchExpressions[0]",
        "In compares with values: give at least one",
    ),
    "NotIn with an empty list": Refused(
        selecting(matchExpressions=[{"key": "team", "operator": "NotIn", "values": []}]),
        "spec.namespaces.selector.matchExpressions[0]",
        "NotIn compares with values: give at least one",
    ),
    "Exists with a value": Refused(
        requiring("Exists", "payments"),
        "spec.namespaces.selector.matchExpressions[0]",
        "Exists compares with no value: leave values out, or write In or NotIn",
    ),
    "DoesNotExist with a value": Refused(
        requiring("DoesNotExist", "payments"),
        "spec.namespaces.selector.matchExpressions[0]",
        "DoesNotExist compares with no value: leave values out, or write In or NotIn",
    ),
    "an operator that nobody knows": Refused(
        requiring("Equals", "payments"),
        "spec.namespaces.selector.matchExpressions[0].operator",
        "'Equals' is not known: use one of In, NotIn, Exists, DoesNotExist",
        'supported values: "In", "NotIn", "Exists", "DoesNotExist"',
    ),
    "a key with a space": Refused(
        requiring("NotIn", "payments", key="team "),
        "spec.namespaces.selector.matchExpressions[0].key",
        "'team ' is not a key of a label: write a name like team, or with a domain before it, example.com/team",
    ),
    "an empty key": Refused(
        requiring("Exists", key=""),
        "spec.namespaces.selector.matchExpressions[0].key",
        "'' has 0 characters: give 1 to 317 characters",
        "matchExpressions[0].key in body should be at least 1 chars long",
    ),
    "a value with a space": Refused(
        requiring("NotIn", "payments "),
        "spec.namespaces.selector.matchExpressions[0].values[0]",
        "'payments ' is not a value of a label: use letters, digits, '-', '_' and '.' only, a letter or digit first "
        "and last",
    ),
    "fifty-one values": Refused(
        requiring("In", *(f"{number}" for number in range(51))),
        "spec.namespaces.selector.matchExpressions[0].values",
        "has 51 items: give 0 to 50",
        "must have at most 50 items",
    ),
    "fifty-one labels": Refused(
        selecting(matchLabels={f"label-{number}": "x" for number in range(51)}),
        "spec.namespaces.selector.matchLabels",
        "has 51 entries: give at most 50",
        "must have at most 50 items",
    ),
    "a label's value as a number": Refused(
        selecting(matchLabels={"team": 3}),
        "spec.namespaces.selector.matchLabels.team",
        "3 is no string: put it in quotes",
        'must be of type string: "integer"',
    ),
    "a label's value of 64 characters": Refused(
        selecting(matchLabels={"team": "x" * 64}),
        "spec.namespaces.selector.matchLabels.team",
        f"'{'x' * 64}' has 64 characters: give 0 to 63 characters",
        "may not be more than 63 bytes",
    ),
    "a selector of a field that nobody knows": Refused(
        selecting(matchLabel={"team": "payments"}),
        "spec.namespaces.selector.matchLabel",
        "unknown field 'matchLabel': did you mean 'matchLabels'?",
        'unknown field "spec.namespaces.selector.matchLabel"',
    ),
    # state machines
    "no state machines": Refused(
        machines(),
        "spec.stateMachines",
        "has 0 items: give 1 to 50",
        "spec.stateMachines in body should have at least 1 items",
    ),
    "a pattern twice": Refused(
        machines(MACHINES, MACHINES),
        "spec.stateMachines",
        f"'{MACHINES}' is listed twice: leave one out",
        f'Duplicate value: "{MACHINES}"',
    ),
    "an empty pattern": Refused(
        machines(""),
        "spec.stateMachines[0]",
        "'' has 0 characters: give 1 to 256 characters",
        "spec.stateMachines[0] in body should be at least 1 chars long",
    ),
    "a star that stands for several parts": Refused(
        machines("arn:aws:states:eu-west-1:*"), "spec.stateMachines[0]", f"'arn:aws:states:eu-west-1:*' {NOT_A_PATTERN}"
    ),
    "a star alone": Refused(machines("*"), "spec.stateMachines[0]", f"'*' {NOT_A_PATTERN}"),
    "a star that stands for a service": Refused(
        machines(MACHINES.replace("states", "*")),
        "spec.stateMachines[0]",
        f"'{MACHINES.replace('states', '*')}' {NOT_A_PATTERN}",
    ),
    "a star within a name": Refused(
        machines(MACHINES + "-live"), "spec.stateMachines[0]", f"'{MACHINES}-live' {STAR_WITHIN}"
    ),
    "a star at the beginning of a part": Refused(
        machines("arn:aws:states:*-1:222222222222:stateMachine:a"),
        "spec.stateMachines[0]",
        f"'arn:aws:states:*-1:222222222222:stateMachine:a' {STAR_WITHIN}",
    ),
    "two stars": Refused(machines(MACHINES + "*"), "spec.stateMachines[0]", f"'{MACHINES}*' {STAR_WITHIN}"),
    "a star behind a whole account": Refused(
        machines(MACHINES.replace("222:", "222*:")),
        "spec.stateMachines[0]",
        f"'{MACHINES.replace('222:', '222*:')}' {NOT_A_PATTERN}",
    ),
    "an alias behind the name": Refused(
        machines(MACHINES + ":live"),
        "spec.stateMachines[0]",
        f"'{MACHINES}:live' has a version or alias behind the name: name aliases in aliases, "
        f"and write '{MACHINES}' here",
    ),
    "any alias behind the name": Refused(
        machines(MACHINES + ":*"),
        "spec.stateMachines[0]",
        f"'{MACHINES}:*' has a version or alias behind the name: name aliases in aliases, and write '{MACHINES}' here",
    ),
    "a question mark": Refused(
        machines(MACHINES.replace("*", "?")), "spec.stateMachines[0]", f"'{MACHINES.replace('*', '?')}' {NOT_A_PATTERN}"
    ),
    "a name of 81 characters": Refused(
        machines(MACHINES.replace("payments-*", "x" * 81)),
        "spec.stateMachines[0]",
        f"'{MACHINES.replace('payments-*', 'x' * 81)}' {NOT_A_PATTERN}",
    ),
    # aliases
    "an alias with a star": Refused(
        access(aliases=["live-*"]),
        "spec.aliases[0]",
        "'live-*' is not a name of an alias: use letters, digits, '_', '-' and '.' only",
    ),
    # the role
    "a name for a role": Refused(access(roleArn="sfn-rollouts"), "spec.roleArn", f"'sfn-rollouts' {NOT_A_ROLE}"),
    "a user for a role": Refused(
        access(roleArn=ROLE.replace("role", "user")), "spec.roleArn", f"'{ROLE.replace('role', 'user')}' {NOT_A_ROLE}"
    ),
    "a session for a role": Refused(
        access(roleArn="arn:aws:sts::222222222222:assumed-role/sfn-rollouts/x"),
        "spec.roleArn",
        f"'arn:aws:sts::222222222222:assumed-role/sfn-rollouts/x' {NOT_A_ROLE}",
    ),
    "a star for a role": Refused(access(roleArn=ROLE + "*"), "spec.roleArn", f"'{ROLE}*' {NOT_A_ROLE}"),
    "an empty role, as a template without its value gives": Refused(
        access(roleArn=""),
        "spec.roleArn",
        "'' has 0 characters: give 1 to 2048 characters",
        "spec.roleArn in body should be at least 1 chars long",
    ),
    "an external id without a role": Refused(
        access(roleArn=LEFT_OUT, externalId="payments"),
        "spec",
        "externalId is sent where a role is assumed, and there is no roleArn: give one, or leave externalId out",
    ),
    "an external id with a space": Refused(access(externalId="a b"), "spec.externalId", f"'a b' {NOT_AN_EXTERNAL_ID}"),
    "an external id with a letter that AWS does not take": Refused(
        access(externalId="ärger"), "spec.externalId", f"'ärger' {NOT_AN_EXTERNAL_ID}"
    ),
    "an external id of one character": Refused(
        access(externalId="a"),
        "spec.externalId",
        "'a' has 1 characters: give 2 to 1224 characters",
        "spec.externalId in body should be at least 2 chars long",
    ),
    "tags without a role": Refused(
        access(roleArn=LEFT_OUT, sessionTags="Namespace"),
        "spec",
        "sessionTags are given to the session of a role, and there is no roleArn: give one, or write None",
    ),
    "tags that nobody knows": Refused(
        access(sessionTags="Rollout"),
        "spec.sessionTags",
        "'Rollout' is not known: use one of None, Namespace",
        'supported values: "None", "Namespace"',
    ),
}
