"""The control surface: how a test or the demo makes a bad day, and sees what AWS saw.

JSON over HTTP under /_control/ on the emulator's own port; `devenv.aws.client.Emulator` is its Python side. Calls made
here are not in the journal, meet no fault and spend no quota.

    POST   /_control/call            {service, operation, params, account, region} -> the operation's answer
    POST   /_control/blip            {name, reason, account, region}     ALARM and OK again, with no poll between
    POST   /_control/evaluation      {name, evaluation, account, region} EvaluationState; null: it is evaluated again
    POST   /_control/function-state  {name, qualifier, state: {State, ...}, account, region}
    PUT    /_control/role            {name, policies: {name: document}, trust, maxSeconds, account, region} -> {arn}
    PUT    /_control/role-trust      {name, trust, account, region}
    DELETE /_control/role            {name, account, region}
    POST   /_control/role-says       {name, effect, action, resource, account, region}
    POST   /_control/credentials     {role, sessionName, tags, seconds, account, region}
                                      -> {accessKey, secretKey, token}
    POST   /_control/expire          {role, account} -> {sessions}       its credentials expire now
    PUT    /_control/sts-clock       {aheadS}                            of the callers' clock
    POST   /_control/finish          {executionArn, status, output, error, cause, account, region}
    PUT    /_control/outcome         {arn, status, afterS, output, error, cause}   of a version's or machine's starts
    POST   /_control/executions      {alias, executions: [[version, start, stop, status]]} -> [executionArn]
    PUT    /_control/traffic         {alias, startsPerHour, outcomes: {version: [failRate, seconds]}, spread, pastS,
                                      seed}
    GET    /_control/executions      ?arn= -> [{executionArn, status, stateMachineVersionArn, ...}], Express too
    GET    /_control/routing         ?alias= -> {version: weight}, never stale
    GET    /_control/alias-history   ?alias= -> [{at, aliasArn, event, routing}], oldest first
    GET    /_control/calls           ?operation= -> [{at, service, operation, params, outcome, ...}], oldest first
    DELETE /_control/calls
    GET    /_control/counts          -> {operation: calls}
    PUT    /_control/keys            {kmsKeyId, usable, account, region}  whether callers may decrypt with a key
    POST   /_control/faults          {operation, kind, times, match, delayS} -> {id}
    GET    /_control/faults
    DELETE /_control/faults          ?id=
    PUT    /_control/quotas          {on, limits: {operation: [bucket, refillPerSecond]}}
    PUT    /_control/consistency     {reads, milliseconds, listsMilliseconds}
    POST   /_control/reset           {seed}
    GET    /_control/health
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from devenv.aws import alarms, aliases, executions, functions, iam_roles, traffic
from devenv.aws.arns import parse_machine_arn
from devenv.aws.calls import Call
from devenv.aws.errors import AwsError, resource_not_found
from devenv.aws.execution import Ending
from devenv.aws.faults import Fault
from devenv.aws.passthrough import forget_all
from devenv.aws.traffic import Outcome
from devenv.aws.wire import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from devenv.aws.cloud import Cloud

PREFIX = "/_control/"
DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "eu-west-1"
_A_TICK_S = 0.002

Parameters = dict[str, Any]


def serve(cloud: Cloud, request: Request) -> Response:
    """400 with AWS's code and text, or why the request cannot be read; 404 for an unknown path."""
    wanted = ROUTES.get((request.method, request.path.removeprefix(PREFIX)))
    if wanted is None:
        return _json(404, {"code": "NoSuchControl", "message": f"{request.method} {request.path} is no control"})
    try:
        parameters: Parameters = json.loads(request.body or b"{}")
        parameters |= {key: values[0] for key, values in parse_qs(urlsplit(request.target).query).items()}
        return _json(200, wanted(cloud, parameters))
    except AwsError as error:
        return _json(400, {"code": error.code, "message": error.message})
    except (ValueError, TypeError, KeyError) as error:
        return _json(400, {"code": "BadControl", "message": repr(error)})


def _json(status: int, answer: object) -> Response:
    return Response(status, [("Content-Type", "application/json")], json.dumps(answer, default=_timestamp).encode())


def _timestamp(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    raise TypeError(f"{value!r} is no JSON value")


def _place(parameters: Parameters) -> tuple[str, str]:
    return parameters.get("account", DEFAULT_ACCOUNT), parameters.get("region", DEFAULT_REGION)


def _call(cloud: Cloud, parameters: Parameters) -> object:
    return cloud.perform(
        Call(parameters["service"], parameters["operation"], parameters.get("params", {}), *_place(parameters))
    )


def _blip(cloud: Cloud, parameters: Parameters) -> object:
    """Both changes under one lock, so that no poll can fall between them, yet a tick of the clock apart."""
    with cloud.lock:
        for state in ("ALARM", "OK"):
            params = {
                "AlarmName": parameters["name"],
                "StateValue": state,
                "StateReason": parameters.get("reason", "a blip"),
            }
            cloud.perform(Call("cloudwatch", "SetAlarmState", params, *_place(parameters)))
            time.sleep(_A_TICK_S)
    return {}


def _evaluation(cloud: Cloud, parameters: Parameters) -> object:
    with cloud.lock:
        alarms.set_evaluation(cloud.region(*_place(parameters)), parameters["name"], parameters.get("evaluation"))
    return {}


def _function_state(cloud: Cloud, parameters: Parameters) -> object:
    params = {"FunctionName": parameters["name"], "Qualifier": parameters.get("qualifier")}
    with cloud.lock:
        functions.set_state(cloud.region(*_place(parameters)), params, parameters["state"])
    return {}


def _put_role(cloud: Cloud, parameters: Parameters) -> object:
    with cloud.lock:
        region = cloud.region(*_place(parameters))
        cloud.shared.sessions.set_up.add(region.account)
        said = (parameters["policies"], parameters.get("trust"), parameters.get("maxSeconds"))
        return {"arn": iam_roles.put_role(region, parameters["name"], *said)}


def _set_trust(cloud: Cloud, parameters: Parameters) -> object:
    with cloud.lock:
        iam_roles.set_trust(cloud.region(*_place(parameters)), parameters["name"], parameters["trust"])
    return {}


def _credentials(cloud: Cloud, parameters: Parameters) -> object:
    with cloud.lock:
        region = cloud.region(*_place(parameters))
        session = cloud.shared.sessions.issue(
            iam_roles.named(region, parameters["role"]),
            iam_roles.issue_keys(region),
            name=parameters["sessionName"],
            tags=parameters.get("tags", {}),
            seconds=parameters["seconds"],
        )
    return {"accessKey": session.access_key, "secretKey": session.secret_key, "token": session.token}


def _expire(cloud: Cloud, parameters: Parameters) -> object:
    account, _ = _place(parameters)
    with cloud.lock:
        return {"sessions": cloud.shared.sessions.expire(account, parameters["role"])}


def _set_sts_clock(cloud: Cloud, parameters: Parameters) -> object:
    cloud.shared.sessions.skew = timedelta(seconds=parameters["aheadS"])
    return {}


def _delete_role(cloud: Cloud, parameters: Parameters) -> object:
    with cloud.lock:
        iam_roles.delete_role(cloud.region(*_place(parameters)), parameters["name"])
    return {}


def _role_says(cloud: Cloud, parameters: Parameters) -> object:
    said = (parameters["name"], parameters["effect"], parameters["action"], parameters["resource"])
    with cloud.lock:
        iam_roles.say(cloud.region(*_place(parameters)), *said)
    return {}


def _finish(cloud: Cloud, parameters: Parameters) -> object:
    with cloud.lock:
        executions.finish(cloud.region(*_place(parameters)), parameters["executionArn"], _ending(parameters))
    return {}


def _outcome(cloud: Cloud, parameters: Parameters) -> object:
    arn = parse_machine_arn(parameters["arn"])
    with cloud.lock:
        cloud.region(arn.account, arn.region).endings[str(arn)] = _ending(parameters)
    return {}


def _ending(parameters: Parameters) -> Ending:
    return Ending(
        parameters["status"],
        parameters.get("afterS", 0.0),
        parameters.get("output", "{}"),
        parameters.get("error"),
        parameters.get("cause"),
    )


def _executions(cloud: Cloud, parameters: Parameters) -> object:
    arn = parse_machine_arn(parameters["arn"])
    with cloud.lock:
        return executions.summaries(cloud.region(arn.account, arn.region), arn)


def _lay_down(cloud: Cloud, parameters: Parameters) -> object:
    arn = parse_machine_arn(parameters["alias"])
    laid = [
        (int(version), datetime.fromisoformat(start), datetime.fromisoformat(stop) if stop else None, status)
        for version, start, stop, status in parameters["executions"]
    ]
    with cloud.lock:
        return traffic.lay_down(cloud.region(arn.account, arn.region), arn, laid)


def _set_traffic(cloud: Cloud, parameters: Parameters) -> object:
    arn = parse_machine_arn(parameters["alias"])
    outcomes = {int(version): Outcome(*outcome) for version, outcome in parameters.get("outcomes", {}).items()}
    dice = Random(parameters.get("seed"))  # noqa: S311 - arrivals, no secret
    shape = (float(parameters["startsPerHour"]), outcomes, parameters.get("spread", 0.0), parameters.get("pastS", 0.0))
    with cloud.lock:
        traffic.set_traffic(cloud.region(arn.account, arn.region), arn, *shape, dice)
    return {}


def _routing(cloud: Cloud, parameters: Parameters) -> object:
    arn = parse_machine_arn(parameters["alias"])
    with cloud.lock:
        alias = aliases.find_alias(cloud.region(arn.account, arn.region), arn)
    if alias is None:
        raise resource_not_found()
    return alias.routing


def _alias_history(cloud: Cloud, parameters: Parameters) -> object:
    return [
        {"at": change.at, "aliasArn": change.alias_arn, "event": change.event, "routing": change.routing}
        for change in cloud.shared.alias_history.of(parameters.get("alias"))
    ]


def _calls(cloud: Cloud, parameters: Parameters) -> object:
    return [vars(record) for record in cloud.journal.of(parameters.get("operation"))]


def _counts(cloud: Cloud, _: Parameters) -> object:
    return cloud.journal.counts()


def _forget_calls(cloud: Cloud, _: Parameters) -> object:
    cloud.journal.records.clear()
    return {}


def _set_key(cloud: Cloud, parameters: Parameters) -> object:
    with cloud.lock:
        region = cloud.region(*_place(parameters))
        region.denied_keys -= {parameters["kmsKeyId"]}
        region.denied_keys |= set() if parameters["usable"] else {parameters["kmsKeyId"]}
    return {}


def _add_fault(cloud: Cloud, parameters: Parameters) -> object:
    fault = Fault(parameters["operation"], parameters["kind"], parameters.get("times"), parameters.get("match"))
    fault.delay_s = parameters.get("delayS", fault.delay_s)
    return {"id": cloud.faults.add(fault)}


def _faults(cloud: Cloud, _: Parameters) -> object:
    return [
        {"id": fault.id, "operation": fault.operation, "kind": fault.kind, "times": fault.times, "match": fault.match}
        for fault in cloud.faults.listed()
    ]


def _clear_faults(cloud: Cloud, parameters: Parameters) -> object:
    cloud.faults.clear(int(parameters["id"]) if "id" in parameters else None)
    return {}


def _set_quotas(cloud: Cloud, parameters: Parameters) -> object:
    limits = {name: (float(size), float(refill)) for name, (size, refill) in parameters.get("limits", {}).items()}
    cloud.quotas.set(is_on=bool(parameters["on"]), overrides=limits)
    return {}


def _set_consistency(cloud: Cloud, parameters: Parameters) -> object:
    cloud.shared.consistency.set(
        reads=parameters.get("reads", 0),
        milliseconds=parameters.get("milliseconds", 0),
        lists_milliseconds=parameters.get("listsMilliseconds", 0),
    )
    return {}


def _reset(cloud: Cloud, parameters: Parameters) -> object:
    cloud.reset(parameters.get("seed"))
    forget_all()
    return {}


def _health(_: Cloud, __: Parameters) -> object:
    return {"status": "ok"}


ROUTES: dict[tuple[str, str], Callable[[Cloud, Parameters], object]] = {
    ("POST", "call"): _call,
    ("POST", "blip"): _blip,
    ("POST", "evaluation"): _evaluation,
    ("POST", "function-state"): _function_state,
    ("PUT", "role"): _put_role,
    ("DELETE", "role"): _delete_role,
    ("POST", "role-says"): _role_says,
    ("PUT", "role-trust"): _set_trust,
    ("POST", "credentials"): _credentials,
    ("POST", "expire"): _expire,
    ("PUT", "sts-clock"): _set_sts_clock,
    ("POST", "finish"): _finish,
    ("PUT", "outcome"): _outcome,
    ("GET", "executions"): _executions,
    ("POST", "executions"): _lay_down,
    ("PUT", "traffic"): _set_traffic,
    ("GET", "routing"): _routing,
    ("GET", "alias-history"): _alias_history,
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _forget_calls,
    ("GET", "counts"): _counts,
    ("PUT", "keys"): _set_key,
    ("POST", "faults"): _add_fault,
    ("GET", "faults"): _faults,
    ("DELETE", "faults"): _clear_faults,
    ("PUT", "quotas"): _set_quotas,
    ("PUT", "consistency"): _set_consistency,
    ("POST", "reset"): _reset,
    ("GET", "health"): _health,
}
