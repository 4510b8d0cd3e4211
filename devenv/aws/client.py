"""The Python side of the control surface, for tests, the demo and people."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.config import Config

from devenv.aws.errors import AwsError
from devenv.aws.isolated_session import isolated_session
from devenv.aws.journal import AliasChange, CallRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devenv.aws.faults import FaultKind

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"  # the examples of the AWS documentation; nothing checks them
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 - no secret
DEFAULT_REGION = "eu-west-1"
DEFAULT_ACCOUNT = "123456789012"
_KEYS = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
_ROLE = "arn:aws:iam::{account}:role/state-machine"
_session_lock = threading.Lock()  # boto3's Session is not thread-safe; its clients are


@cache
def _session() -> boto3.Session:
    return boto3.Session(botocore_session=isolated_session())


@dataclass(frozen=True)
class FaultInForce:
    """A fault as `Emulator.fail` added it; `times` is how many calls it will still hit, None for all."""

    id: int
    operation: str
    kind: FaultKind
    times: int | None
    match: str | None


@dataclass(frozen=True)
class Emulator:
    """Talks to a running emulator at `url`, as one account in one region.

    Only `boto3_client` makes calls that the journal shows; all else goes by the control surface."""

    url: str
    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT

    # -- for processes and clients

    def environment(self, **credentials: str) -> dict[str, str]:
        """What a process needs to take the emulator for AWS. `credentials` as boto3 names them."""
        keys = _KEYS | credentials
        return {
            "AWS_ENDPOINT_URL": self.url,
            **{name.upper(): value for name, value in keys.items()},
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # StartSyncExecution would go to sync-127.0.0.1
        }

    def boto3_client(self, service: str, *, attempts: int = 1, read_timeout_s: float = 10, **credentials: str) -> Any:
        """A real client, without retries unless `attempts` says otherwise. `credentials` as boto3 names them."""
        config = Config(
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=3,
            read_timeout=read_timeout_s,
            inject_host_prefix=False,
        )
        keys = _KEYS | credentials
        with _session_lock:
            make: Any = _session().client
            return make(service, endpoint_url=self.url, region_name=self.region, config=config, **keys)

    # -- setting the scene

    def publish_machine(
        self,
        name: str,
        definitions: Sequence[dict[str, Any] | str] = (),
        type: str = "STANDARD",  # noqa: A002 - the name that AWS gives it
        *,
        role: str | None = None,
        key: str | None = None,
    ) -> str:
        """A state machine with one version per definition, 1 first (two small ones by default). Its ARN.

        `role` is the ARN of its execution role, by default one that does not exist; `key` the KMS key that encrypts
        its definitions."""
        texts = [item if isinstance(item, str) else json.dumps(item) for item in definitions or _SMALL_DEFINITIONS]
        created = self._call(
            "stepfunctions",
            "CreateStateMachine",
            name=name,
            definition=texts[0],
            roleArn=role or _ROLE.format(account=self.account),
            type=type,
            publish=True,
            **_encryption(key),
        )
        arn = str(created["stateMachineArn"])
        for text in texts[1:]:
            self.publish_version(arn, text)
        return arn

    def publish_version(self, arn: str, definition: dict[str, Any] | str, *, role: str | None = None) -> int:
        """Updates the machine, also its role when one is given, and publishes; the number of the version."""
        text = definition if isinstance(definition, str) else json.dumps(definition)
        changes = {"definition": text} | ({"roleArn": role} if role else {})
        answer = self._call("stepfunctions", "UpdateStateMachine", stateMachineArn=arn, publish=True, **changes)
        return int(answer["stateMachineVersionArn"].rsplit(":", 1)[1])

    def delete_machine(self, arn: str) -> None:
        """With its versions and aliases. Under the same name it can be created again: numbers count from 1 again."""
        self._call("stepfunctions", "DeleteStateMachine", stateMachineArn=arn)

    def create_alias(self, arn: str, name: str, routing: dict[int, int]) -> str:
        """`routing` maps versions to weights, such as {1: 100}. The alias's ARN."""
        answer = self._call(
            "stepfunctions", "CreateStateMachineAlias", name=name, routingConfiguration=_entries(arn, routing)
        )
        return str(answer["stateMachineAliasArn"])

    def update_alias(self, alias_arn: str, routing: dict[int, int]) -> None:
        """Someone else's hand on the alias."""
        entries = _entries(alias_arn.rsplit(":", 1)[0], routing)
        self._call(
            "stepfunctions", "UpdateStateMachineAlias", stateMachineAliasArn=alias_arn, routingConfiguration=entries
        )

    def put_function(self, name: str, *, role: str | None = None) -> str:
        """A Lambda function without a version, or a change of one that is there. Its ARN."""
        settings = {"FunctionName": name, "Role": role or _ROLE.format(account=self.account)}
        try:
            created = {"Runtime": "python3.13", "Handler": "app.handler", "Code": {"ZipFile": name}}
            return str(self._call("lambda", "CreateFunction", **settings, **created)["FunctionArn"])
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            return str(self._call("lambda", "UpdateFunctionConfiguration", **settings)["FunctionArn"])

    def publish_function(self, name: str) -> int:
        """A new version of a function, which is created when it is not there. The version's number."""
        self.put_function(name)
        return int(self._call("lambda", "PublishVersion", FunctionName=name)["Version"])

    def alias_function(self, name: str, alias: str, version: int) -> str:
        """A new alias of a function. The alias's ARN."""
        answer = self._call("lambda", "CreateAlias", FunctionName=name, Name=alias, FunctionVersion=str(version))
        return str(answer["AliasArn"])

    def delete_function_version(self, name: str, version: int) -> None:
        self._call("lambda", "DeleteFunction", FunctionName=name, Qualifier=str(version))

    def delete_function(self, name: str) -> None:
        """With its versions and aliases."""
        self._call("lambda", "DeleteFunction", FunctionName=name)

    def put_role(
        self, name: str, *policies: dict[str, Any], trust: dict[str, Any] | None = None, max_s: int | None = None
    ) -> str:
        """A role with exactly these inline policy documents, created when it is not there. Its ARN.

        `trust` is its trust policy (`trusting` writes one), by default for Step Functions alone; `max_s` the longest
        session in seconds, by default an hour. Both stay when they are left out. A role without policies may do
        everything; from the first role on, an account's roles that are not there can be assumed by nobody."""
        named = {f"policy-{number}": document for number, document in enumerate(policies, start=1)}
        asked = {"name": name, "policies": named, "trust": trust, "maxSeconds": max_s}
        return str(self._ask("PUT", "role", asked)["arn"])

    def set_trust(self, role: str, trust: dict[str, Any]) -> None:
        """Another trust policy of a role, by its name. Sessions that there are go on."""
        self._ask("PUT", "role-trust", {"name": role, "trust": trust})

    def credentials(
        self, role: str, session_name: str, *, tags: dict[str, str] | None = None, seconds: int = 3600
    ) -> dict[str, str]:
        """Credentials of a session of a role, by its name, whomever it trusts: as a pod finds its own. For
        `boto3_client` and `environment`."""
        asked = {"role": role, "sessionName": session_name, "tags": tags or {}, "seconds": seconds}
        found = self._ask("POST", "credentials", asked)
        return {
            "aws_access_key_id": found["accessKey"],
            "aws_secret_access_key": found["secretKey"],
            "aws_session_token": found["token"],
        }

    def allow(self, role: str, action: str, resource: str = "*") -> None:
        """A further inline policy of a role, by its name; takes back a `deny` of the same action and resource."""
        self._say(role, "Allow", action, resource)

    def deny(self, role: str, action: str, resource: str = "*") -> None:
        """Stronger than whatever allows it; takes back an `allow` of the same action and resource."""
        self._say(role, "Deny", action, resource)

    def delete_role(self, name: str) -> None:
        """Nobody can assume it any more; sessions that there are go on."""
        self._ask("DELETE", "role", {"name": name})

    def put_alarm(self, name: str, state: str = "OK") -> str:
        """A metric alarm on failed executions, in `state`. Its name."""
        self._call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName=name,
            Namespace="AWS/States",
            MetricName="ExecutionsFailed",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
        )
        self.set_alarm(name, state, reason="set up")
        return name

    def put_composite_alarm(self, name: str, rule: str) -> str:
        """A composite alarm, such as rule='ALARM("a") OR ALARM("b")'; evaluated at once. Its name."""
        self._call("cloudwatch", "PutCompositeAlarm", AlarmName=name, AlarmRule=rule)
        return name

    def put_log_alarm(self, name: str, state: str = "OK") -> str:
        """A log alarm on lines that hold ERROR, in `state`. Its name."""
        self._call(
            "cloudwatch",
            "PutLogAlarm",
            AlarmName=name,
            ScheduledQueryConfiguration={
                "QueryString": "filter @message like /ERROR/",
                "ScheduledQueryRoleARN": _ROLE.format(account=self.account),
                "ScheduleConfiguration": {"ScheduleExpression": "rate(1 minute)", "StartTimeOffset": 60},
                "AggregationExpression": "count(*)",
            },
            QueryResultsToEvaluate=1,
            QueryResultsToAlarm=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        self.set_alarm(name, state, reason="set up")
        return name

    def delete_alarm(self, name: str) -> None:
        self._call("cloudwatch", "DeleteAlarms", AlarmNames=[name])

    def deny_key(self, key: str) -> None:
        """Callers may no longer decrypt with this KMS key, named as in `publish_machine`."""
        self._ask("PUT", "keys", {"kmsKeyId": key, "usable": False})

    def allow_key(self, key: str) -> None:
        self._ask("PUT", "keys", {"kmsKeyId": key, "usable": True})

    # -- events

    def set_alarm(self, name: str, state: str, reason: str = "set by the emulator's client") -> None:
        """OK, ALARM or INSUFFICIENT_DATA, for either type; composites above it follow."""
        self._call("cloudwatch", "SetAlarmState", AlarmName=name, StateValue=state, StateReason=reason)

    def set_evaluation(self, name: str, evaluation: str | None) -> None:
        """EVALUATION_ERROR, EVALUATION_FAILURE, PARTIAL_DATA; None: the alarm is evaluated again."""
        self._ask("POST", "evaluation", {"name": name, "evaluation": evaluation})

    def blip(self, name: str, reason: str = "a blip") -> None:
        """ALARM and OK again, with no poll between."""
        self._ask("POST", "blip", {"name": name, "reason": reason})

    def set_function_state(self, name: str, state: str, *, qualifier: str | None = None, **more: str) -> None:
        """Pending, Active, Inactive, Failed, ... for $LATEST, a version or what an alias names. `more` are StateReason,
        StateReasonCode, LastUpdateStatus and its reasons, as GetFunctionConfiguration names them."""
        parameters = {"name": name, "qualifier": qualifier, "state": {"State": state, **more}}
        self._ask("POST", "function-state", parameters)

    def start(self, arn: str, *, name: str | None = None, input: Any = None) -> str:  # noqa: A002 - AWS's name
        """Somebody's start by the ARN of an alias, a version or a machine; `input` is any JSON value. The execution's
        ARN."""
        named = {"name": name} if name else {}
        given = json.dumps({} if input is None else input)
        return str(
            self._call("stepfunctions", "StartExecution", stateMachineArn=arn, input=given, **named)["executionArn"]
        )

    def set_outcome(
        self,
        arn: str,
        status: str,
        *,
        after_s: float = 0.0,
        output: Any = None,
        error: str | None = None,
        cause: str | None = None,
    ) -> None:
        """How executions end that are started from now on: of a version, or, by the machine's ARN, of all versions
        without an outcome of their own and of starts by the plain ARN.

        SUCCEEDED with `output` (any JSON value), FAILED, TIMED_OUT or ABORTED, `after_s` seconds of the emulator's
        clock after the start; RUNNING: never."""
        parameters = {"arn": arn, "status": status, "afterS": after_s, "error": error, "cause": cause}
        self._ask("PUT", "outcome", parameters | {"output": json.dumps({} if output is None else output)})

    def finish_execution(self, arn: str, status: str = "SUCCEEDED", error: str | None = None) -> None:
        """SUCCEEDED, FAILED, TIMED_OUT or ABORTED, now."""
        self._ask("POST", "finish", {"executionArn": arn, "status": status, "error": error})

    def redrive_execution(self, arn: str) -> None:
        """Runs again, with the outcome that its version has now."""
        self._call("stepfunctions", "RedriveExecution", executionArn=arn)

    def add_executions(
        self, alias_arn: str, executions: Sequence[tuple[int, datetime, datetime | None, str]]
    ) -> list[str]:
        """Executions that went, or will go, through the alias: version, start, stop (None with RUNNING: never), status.
        Both times may be in the past or to come, and make no sense. Their ARNs."""
        listed = [
            [version, start.isoformat(), stop.isoformat() if stop is not None else None, status]
            for version, start, stop, status in executions
        ]
        found: list[str] = self._ask("POST", "executions", {"alias": alias_arn, "executions": listed})
        return found

    def set_traffic(
        self,
        alias_arn: str,
        *,
        starts_per_hour: float,
        outcomes: dict[int, tuple[float, float]] | None = None,
        spread: float = 0.0,
        past_s: float = 0.0,
        seed: int = 1,
    ) -> None:
        """From now on, or from `past_s` seconds ago on, executions arrive through the alias (Poisson, by its weights),
        until this is called again; 0 an hour: no more.

        `outcomes`: of each version the part that fails (0 to 1) and the seconds that it takes (the median where
        `spread`, sigma of a lognormal, is not 0); a version without one succeeds after a second."""
        parameters = {"alias": alias_arn, "startsPerHour": starts_per_hour, "outcomes": outcomes or {}}
        self._ask("PUT", "traffic", parameters | {"spread": spread, "pastS": past_s, "seed": seed})

    # -- bad days

    def fail(
        self,
        operation: str,
        kind: FaultKind,
        times: int | None = None,
        match: str | None = None,
        delay_s: float = 60.0,
    ) -> int:
        """The next `times` calls of `operation` ("*": of all) meet `kind` (devenv.aws.faults); None: until cleared.

        `match` narrows it to one alias, alarm, machine, function or role, by ARN or name. `delay_s` is for delay and
        timeout kinds. Its id."""
        parameters = {"operation": operation, "kind": kind, "times": times, "match": match, "delayS": delay_s}
        return int(self._ask("POST", "faults", parameters)["id"])

    def expire_sessions(self, role: str) -> int:
        """The credentials that there are of a role, by its name, expire now. How many."""
        return int(self._ask("POST", "expire", {"role": role})["sessions"])

    def skew_sts(self, ahead_s: float) -> None:
        """By STS's clock it is so much later (negative: earlier) than by its callers', which is when credentials
        expire. Beyond 15 minutes STS takes no signature of theirs."""
        self._ask("PUT", "sts-clock", {"aheadS": ahead_s})

    def clear_faults(self) -> None:
        """Calls that a fault holds are let go."""
        self._ask("DELETE", "faults")

    def faults(self) -> list[FaultInForce]:
        """In the order in which they were added; `times` counts down to 0."""
        return [FaultInForce(**item) for item in self._ask("GET", "faults")]

    def set_quotas(self, *, on: bool = True, limits: dict[str, tuple[float, float]] | None = None) -> None:
        """AWS's token buckets, full; `limits` replaces some: operation -> (bucket, refill per second)."""
        self._ask("PUT", "quotas", {"on": on, "limits": limits or {}})

    def set_consistency(self, *, reads: int = 0, milliseconds: int = 0, lists_milliseconds: int = 0) -> None:
        """After each update the alias answers its former routing for so many reads or so long; 0 and 0: never.

        Lists of executions and their metrics show what was `lists_milliseconds` ago."""
        parameters = {"reads": reads, "milliseconds": milliseconds, "listsMilliseconds": lists_milliseconds}
        self._ask("PUT", "consistency", parameters)

    def reset(self, seed: int | None = None) -> None:
        """Empties everything; `seed` makes the choices of aliases repeatable."""
        self._ask("POST", "reset", {"seed": seed})

    # -- what AWS saw

    def calls(self, operation: str | None = None) -> list[CallRecord]:
        """Oldest first."""
        found = self._ask("GET", "calls", operation=operation)
        return [CallRecord(**(record | {"at": datetime.fromisoformat(record["at"])})) for record in found]

    def call_counts(self) -> dict[str, int]:
        """Calls by operation, without fetching them."""
        found: dict[str, int] = self._ask("GET", "counts")
        return found

    def forget_calls(self) -> None:
        self._ask("DELETE", "calls")

    def alias_history(self, alias_arn: str) -> list[AliasChange]:
        """Every routing change, oldest first, beginning with the creation."""
        return [_change(item) for item in self._ask("GET", "alias-history", alias=alias_arn)]

    def routing(self, alias_arn: str) -> dict[int, int]:
        """The true routing, whatever readers are shown."""
        return _routing(self._ask("GET", "routing", alias=alias_arn))

    def executions(self, arn: str) -> list[dict[str, Any]]:
        """Of a machine, version or alias, Express too, oldest first; fields as ListExecutions names them."""
        found: list[dict[str, Any]] = self._ask("GET", "executions", arn=arn)
        return found

    def _say(self, role: str, effect: str, action: str, resource: str) -> None:
        self._ask("POST", "role-says", {"name": role, "effect": effect, "action": action, "resource": resource})

    def _call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask(
            "POST", "call", {"service": service, "operation": operation, "params": params}
        )
        return answer

    def _ask(self, method: str, path: str, parameters: dict[str, Any] | None = None, **query: str | None) -> Any:
        place = {"account": self.account, "region": self.region}
        asked = {key: value for key, value in query.items() if value is not None}
        target = f"/_control/{path}" + (f"?{urlencode(asked)}" if asked else "")
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, target, json.dumps(place | (parameters or {})))
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise AwsError(answer["code"], answer["message"])
        return answer


def _entries(arn: str, routing: dict[int, int]) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": f"{arn}:{number}", "weight": weight} for number, weight in routing.items()]


def _encryption(key: str | None) -> dict[str, Any]:
    return {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": key}} if key else {}


def _routing(fields: dict[str, int]) -> dict[int, int]:
    return {int(number): weight for number, weight in fields.items()}


def _change(item: dict[str, Any]) -> AliasChange:
    return AliasChange(datetime.fromisoformat(item["at"]), item["aliasArn"], item["event"], _routing(item["routing"]))


def trusting(*principals: str, external_id: str | None = None, may_tag: bool = False) -> dict[str, Any]:
    """A trust policy for accounts, roles or users, as AWS recommends it for other accounts."""
    actions = ["sts:AssumeRole", *(["sts:TagSession"] if may_tag else [])]
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": actions}
    if external_id is not None:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def small_definition(comment: str) -> dict[str, Any]:
    """The smallest state machine; two comments make two revisions."""
    return {"Comment": comment, "StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


_SMALL_DEFINITIONS = (small_definition("version 1"), small_definition("version 2"))
