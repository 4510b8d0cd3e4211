"""Manifests as a table: a sentence, a change to a valid manifest, and what lint and the API server say about it.

`lint` is what lint says, `server` what the API server adds behind field and value; None means that it says the same,
because both texts come from one rule. Bounds, types and enums are plain schema, for which the server has its own words.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:OrderProcessor"
ALARM = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:"
STRATEGIES = "canary, linear, exponential, allAtOnce, preset, steps"
NOT_NAMEABLE = (
    "has a control character, a line separator or a broken character, which no alarm has in its name: "
    "write the name on one line, as CloudWatch shows it"
)


def manifest(name: str = "order-processor", strategy: Any = None, **spec: Any) -> dict[str, Any]:
    """Return a valid manifest; `strategy` replaces the strategy, other fields are set, and None leaves one out."""
    whole = {
        "stateMachineArn": MACHINE,
        "alias": "live",
        "version": 42,
        "strategy": {"canary": {"weight": 10, "interval": "10m"}} if strategy is None else strategy,
        "alarms": {"names": ["OrderProcessor-failures"]},
        **spec,
    }
    kept = {field: copy.deepcopy(value) for field, value in whole.items() if value is not LEFT_OUT}
    return {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "StepFunctionRollout",
        "metadata": {"name": name},
        "spec": kept,
    }


LEFT_OUT = object()


@dataclass(frozen=True)
class Refused:
    """A manifest that both refuse: at `path`, with these words."""

    manifest: dict[str, Any]
    path: str
    lint: str
    server: str | None = None
    also: tuple[str, ...] = field(default=())  # further problems, as lint renders them


def steps(*weights: int) -> dict[str, Any]:
    return {"steps": [{"setWeight": weight} for weight in weights]}


def wait(duration: Any) -> dict[str, Any]:
    return {"canary": {"weight": 10, "interval": duration}}


def alarms(**fields: Any) -> dict[str, Any]:
    return {"names": ["OrderProcessor-failures"], **fields}


NO_HORIZON = (
    "is no horizon: give auto, or a duration of at most 24h (write a number with a unit, like 30s, 10m or 1h30m)"
)
NOT_A_DURATION = "is not a duration: write a number with a unit, like 30s, 10m or 1h30m"
NOT_AN_ARN = "is not the ARN of a state machine: write arn:aws:states:REGION:ACCOUNT:stateMachine:NAME"
NOT_AN_ALIAS = "is not a name of an alias: use letters, digits, '_', '-' and '.' only"

ACCEPTED: dict[str, dict[str, Any]] = {
    "canary": manifest(),
    "canary at its lower bounds": manifest(strategy={"canary": {"weight": 1, "interval": "1s"}}),
    "canary at its upper bounds": manifest(strategy={"canary": {"weight": 100, "interval": "720h"}}),
    "linear at its lower bounds": manifest(strategy={"linear": {"increment": 1, "interval": "1s"}}),
    "linear at its upper bounds": manifest(strategy={"linear": {"increment": 100, "interval": "720h"}}),
    "exponential": manifest(strategy={"exponential": {"initialWeight": 1, "factor": 2, "interval": "5m"}}),
    "exponential at its upper bounds": manifest(
        strategy={"exponential": {"initialWeight": 100, "factor": 10, "interval": "5m"}}
    ),
    "all at once": manifest(strategy={"allAtOnce": {}}, bakeTime="10m"),
    "preset": manifest(strategy={"preset": "Linear10PercentEvery1Minute"}),
    "steps with pauses": manifest(
        strategy={"steps": [{"setWeight": 5}, {"pause": {"duration": "10m"}}, {"setWeight": 50}, {"pause": {}}]}
    ),
    "approvals that end": manifest(
        strategy={
            "steps": [
                {"setWeight": 5},
                {"pause": {"timeout": "1s"}},
                {"setWeight": 50},
                {"pause": {"timeout": "720h", "onTimeout": "Rollback"}},
                {"pause": {"timeout": "24h", "onTimeout": "Continue"}},
            ]
        }
    ),
    "steps that begin with a pause": manifest(strategy={"steps": [{"pause": {}}, {"setWeight": 50}]}),
    "fifty steps": manifest(strategy=steps(*range(1, 51))),
    "steps that reach all traffic": manifest(strategy=steps(1, 100)),
    "joined units": manifest(bakeTime="1h30m"),
    "fractions": manifest(bakeTime="1.5h"),
    "milliseconds": manifest(bakeTime="1500ms"),
    "terms that add up to the lower bound exactly": manifest(strategy=wait("0.7s0.1s0.2s")),
    "no bake": manifest(bakeTime="0s"),
    "the longest bake": manifest(bakeTime="720h"),
    "the shortest poll": manifest(alarms=alarms(pollInterval="1s")),
    "the longest poll": manifest(alarms=alarms(pollInterval="1h")),
    "the shortest deadline": manifest(progressDeadline="1s"),
    "the longest deadline": manifest(progressDeadline="720h"),
    "the shortest rollback window": manifest(rollbackWindow={"within": "1m"}),
    "the longest rollback window": manifest(rollbackWindow={"within": "8760h"}),
    "a rollback window by revisions": manifest(rollbackWindow={"revisions": 10}),
    "a rollback window by both": manifest(rollbackWindow={"revisions": 3, "within": "24h"}),
    "a preflight that leaves all to the defaults": manifest(preflight={}),
    "a preflight of each strictness": manifest(
        preflight={
            "pins": "Enforce",
            "targets": "Warn",
            "permissions": "Off",
            "entryPoint": "Enforce",
            "alarms": "Warn",
            "callers": "Off",
        }
    ),
    "a smoke with the defaults": manifest(preflight={"smoke": {"input": {}}}),
    "a smoke with all of it": manifest(
        preflight={
            "smoke": {
                "input": {"dryRun": True, "nothing": None, "list": [1, 2.5, {"deep": [None]}], "Any field": "ä"},
                "timeout": "1h",
                "expect": {"status": "TIMED_OUT", "output": {"ok": None}},
            }
        }
    ),
    "an analysis that leaves all to the defaults": manifest(analysis={}),
    "an analysis of everything": manifest(
        analysis={
            "falseAlarmRate": "0.1%",
            "margin": "50%",
            "tolerance": "0%",
            "horizon": "1h30m",
            "durations": False,
            "onWorse": "Hold",
            "onSlower": "Rollback",
            "onSuspect": "Ignore",
            "onBlind": "Ignore",
            "promoteEarly": True,
            "requireNotWorse": True,
            "countAborted": True,
        }
    ),
    "an analysis at its other bounds": manifest(
        analysis={"falseAlarmRate": "10%", "margin": "0.1%", "tolerance": "900%", "horizon": "24h"}
    ),
    "an analysis without a wait for outcomes": manifest(analysis={"horizon": "0s"}),
    "no alarms at all": manifest(alarms=LEFT_OUT),
    "an empty list of alarms": manifest(alarms={"names": []}),
    "a hundred alarms": manifest(alarms={"names": [f"alarm-{number}" for number in range(100)]}),
    "an alarm name with colons, spaces and letters from elsewhere": manifest(alarms={"names": ["Aufträge: zu viele"]}),
    "an alarm name of 255 characters": manifest(alarms={"names": ["ü" * 255]}),
    "an alarm name of 255 UTF-16 units": manifest(alarms={"names": ["🚨" * 127 + "!"]}),
    "an alarm name with a joined emoji and letters from right to left": manifest(
        alarms={"names": ["👩\u200d🚒 שגיאות \u202eabc\u202c"]}
    ),
    "every alarm policy": manifest(
        alarms=alarms(
            onMissing="Ignore",
            onFiringAtStart="IgnoreUntilOk",
            onInsufficientData="Rollback",
            onUnreadable="Rollback",
            onTransient="Ignore",
        )
    ),
    "every other policy": manifest(driftPolicy="Adopt", deletionPolicy="Orphan", paused=True, retryToken="again"),
    "a stable version": manifest(stableVersion=41),
    "a stable version that has become the one asked for": manifest(version=42, stableVersion=42),
    "another partition": manifest(stateMachineArn="arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:a"),
    "a machine name with letters from elsewhere": manifest(stateMachineArn=f"{MACHINE}-é+=@!()'"),
    "a machine name of 80 characters": manifest(stateMachineArn=MACHINE.replace("OrderProcessor", "x" * 80)),
    "an alias with a digit first": manifest(alias="2fast"),
    "an alias of 80 characters": manifest(alias="a" * 80),
    "an alias of signs": manifest(alias="_.-"),
    "the largest version": manifest(version=2147483647),
    "a null where nothing is needed": manifest(bakeTime=None),
    "a null where a default is": manifest(progressDeadline=None, alarms=alarms(pollInterval=None)),
    "a whole number written as a fraction": manifest(version=42.0),
}

REFUSED: dict[str, Refused] = {
    # exactly one of
    "no strategy at all": Refused(
        manifest(strategy={}),
        "spec.strategy",
        f"give exactly one strategy of {STRATEGIES}; given: none",
    ),
    "a strategy of null": Refused(
        manifest(strategy={"canary": None}),
        "spec.strategy",
        f"give exactly one strategy of {STRATEGIES}; given: none",
    ),
    "two strategies": Refused(
        manifest(strategy={"canary": {"weight": 10, "interval": "10m"}, "allAtOnce": {}}),
        "spec.strategy",
        f"give exactly one strategy of {STRATEGIES}; given: canary, allAtOnce",
    ),
    "a step of nothing": Refused(
        manifest(strategy={"steps": [{"setWeight": 5}, {}]}),
        "spec.strategy.steps[1]",
        "give exactly one field of setWeight, pause; given: none",
    ),
    "a step of both": Refused(
        manifest(strategy={"steps": [{"setWeight": 5, "pause": {}}]}),
        "spec.strategy.steps[0]",
        "give exactly one field of setWeight, pause; given: setWeight, pause",
    ),
    "an empty rollback window": Refused(
        manifest(rollbackWindow={}), "spec.rollbackWindow", "rollbackWindow is empty: give revisions or within"
    ),
    # weights
    "weights that fall": Refused(
        manifest(strategy=steps(50, 20)),
        "spec.strategy.steps",
        "weights must strictly increase: 20 is not above all before it; put them in order, each one once",
    ),
    "a weight twice": Refused(
        manifest(strategy={"steps": [{"setWeight": 20}, {"pause": {}}, {"setWeight": 20}]}),
        "spec.strategy.steps",
        "weights must strictly increase: 20 is not above all before it; put them in order, each one once",
    ),
    "a canary weight of 0": Refused(
        manifest(strategy={"canary": {"weight": 0, "interval": "10m"}}),
        "spec.strategy.canary.weight",
        "0 is out of bounds: give 1 to 100",
        "spec.strategy.canary.weight in body should be greater than or equal to 1",
    ),
    "a canary weight of 101": Refused(
        manifest(strategy={"canary": {"weight": 101, "interval": "10m"}}),
        "spec.strategy.canary.weight",
        "101 is out of bounds: give 1 to 100",
        "spec.strategy.canary.weight in body should be less than or equal to 100",
    ),
    "a step weight of 0": Refused(
        manifest(strategy=steps(0)),
        "spec.strategy.steps[0].setWeight",
        "0 is out of bounds: give 1 to 100",
        "spec.strategy.steps[0].setWeight in body should be greater than or equal to 1",
    ),
    "a step weight of 101": Refused(
        manifest(strategy=steps(101)),
        "spec.strategy.steps[0].setWeight",
        "101 is out of bounds: give 1 to 100",
        "spec.strategy.steps[0].setWeight in body should be less than or equal to 100",
    ),
    "a linear increment of 0": Refused(
        manifest(strategy={"linear": {"increment": 0, "interval": "5m"}}),
        "spec.strategy.linear.increment",
        "0 is out of bounds: give 1 to 100",
        "spec.strategy.linear.increment in body should be greater than or equal to 1",
    ),
    "an exponential factor of 1": Refused(
        manifest(strategy={"exponential": {"initialWeight": 1, "factor": 1, "interval": "5m"}}),
        "spec.strategy.exponential.factor",
        "1 is out of bounds: give 2 to 10",
        "spec.strategy.exponential.factor in body should be greater than or equal to 2",
    ),
    "eleven revisions": Refused(
        manifest(rollbackWindow={"revisions": 11}),
        "spec.rollbackWindow.revisions",
        "11 is out of bounds: give 1 to 10",
        "spec.rollbackWindow.revisions in body should be less than or equal to 10",
    ),
    "version 0": Refused(
        manifest(version=0),
        "spec.version",
        "0 is out of bounds: give 1 to 2147483647",
        "spec.version in body should be greater than or equal to 1",
    ),
    "a stable version 0": Refused(
        manifest(stableVersion=0),
        "spec.stableVersion",
        "0 is out of bounds: give 1 to 2147483647",
        "spec.stableVersion in body should be greater than or equal to 1",
    ),
    # lists
    "fifty-one steps": Refused(
        manifest(strategy=steps(*range(1, 52))),
        "spec.strategy.steps",
        "has 51 items: give 1 to 50",
        "must have at most 50 items",
    ),
    "no steps": Refused(
        manifest(strategy={"steps": []}),
        "spec.strategy.steps",
        "has 0 items: give 1 to 50",
        "spec.strategy.steps in body should have at least 1 items",
    ),
    "a hundred and one alarms": Refused(
        manifest(alarms={"names": [f"alarm-{number}" for number in range(101)]}),
        "spec.alarms.names",
        "has 101 items: give 0 to 100",
        "must have at most 100 items",
    ),
    "an alarm twice": Refused(
        manifest(alarms={"names": ["a", "b", "a"]}),
        "spec.alarms.names",
        "'a' is listed twice: leave one out",
        'Duplicate value: "a"',
    ),
    "an alarm of null": Refused(
        manifest(alarms={"names": [None]}),
        "spec.alarms.names[0]",
        "null is no string: put it in quotes",
        'must be of type string: "null"',
    ),
    # durations
    "a word for a duration": Refused(manifest(bakeTime="soon"), "spec.bakeTime", f"'soon' {NOT_A_DURATION}"),
    "a duration without a unit": Refused(
        manifest(strategy=wait("10")), "spec.strategy.canary.interval", f"'10' {NOT_A_DURATION}"
    ),
    "a duration in days": Refused(manifest(progressDeadline="1d"), "spec.progressDeadline", f"'1d' {NOT_A_DURATION}"),
    "a negative duration": Refused(manifest(bakeTime="-5m"), "spec.bakeTime", f"'-5m' {NOT_A_DURATION}"),
    "an empty duration": Refused(manifest(bakeTime=""), "spec.bakeTime", f"'' {NOT_A_DURATION}"),
    "a duration with a quote": Refused(manifest(bakeTime="5'm"), "spec.bakeTime", f"'5'm' {NOT_A_DURATION}"),
    "a malformed pause": Refused(
        manifest(strategy={"steps": [{"pause": {"duration": "10 m"}}]}),
        "spec.strategy.steps[0].pause.duration",
        f"'10 m' {NOT_A_DURATION}",
    ),
    "a duration as a number": Refused(
        manifest(bakeTime=10),
        "spec.bakeTime",
        "10 is no string: put it in quotes",
        'spec.bakeTime in body must be of type string: "integer"',
    ),
    "a duration of 33 characters": Refused(
        manifest(bakeTime="1s" * 16 + "1"),
        "spec.bakeTime",
        f"'{'1s' * 16}1' has 33 characters: give 0 to 32 characters",
        "may not be more than 32 bytes",
    ),
    "an interval under its bounds": Refused(
        manifest(strategy=wait("999ms")),
        "spec.strategy.canary.interval",
        "'999ms' is out of bounds: give 1s to 720h",
    ),
    "an interval over its bounds": Refused(
        manifest(strategy={"linear": {"increment": 10, "interval": "720h1s"}}),
        "spec.strategy.linear.interval",
        "'720h1s' is out of bounds: give 1s to 720h",
    ),
    "an exponential interval of nothing": Refused(
        manifest(strategy={"exponential": {"initialWeight": 1, "factor": 2, "interval": "0s"}}),
        "spec.strategy.exponential.interval",
        "'0s' is out of bounds: give 1s to 720h",
    ),
    "a wait that ends and an approval in one": Refused(
        manifest(strategy={"steps": [{"pause": {"duration": "10m", "timeout": "24h"}}]}),
        "spec.strategy.steps[0].pause",
        "duration '10m' and timeout '24h' exclude each other: keep duration for a wait that ends by itself, or timeout "
        "for a person's approval",
    ),
    "what happens at the end of an approval that has none": Refused(
        manifest(strategy={"steps": [{"pause": {"onTimeout": "Continue"}}]}),
        "spec.strategy.steps[0].pause",
        "onTimeout 'Continue' needs a timeout: add one, like timeout: 24h, or leave onTimeout out",
    ),
    "an approval over its bounds": Refused(
        manifest(strategy={"steps": [{"pause": {"timeout": "721h"}}]}),
        "spec.strategy.steps[0].pause.timeout",
        "'721h' is out of bounds: give 1s to 720h",
    ),
    "a pause of nothing": Refused(
        manifest(strategy={"steps": [{"pause": {"duration": "0s"}}]}),
        "spec.strategy.steps[0].pause.duration",
        "'0s' is out of bounds: give 1s to 720h",
    ),
    "a bake over its bounds": Refused(
        manifest(bakeTime="721h"), "spec.bakeTime", "'721h' is out of bounds: give 0s to 720h"
    ),
    "a bake longer than CEL can count in hours": Refused(
        manifest(bakeTime="999999999h"), "spec.bakeTime", "'999999999h' is out of bounds: give 0s to 720h"
    ),
    "a bake longer than CEL can count in minutes": Refused(
        manifest(bakeTime="999999999m" * 3), "spec.bakeTime", f"'{'999999999m' * 3}' is out of bounds: give 0s to 720h"
    ),
    "the longest that CEL must count": Refused(
        manifest(bakeTime="999999999s" * 3), "spec.bakeTime", f"'{'999999999s' * 3}' is out of bounds: give 0s to 720h"
    ),
    "a deadline of nothing": Refused(
        manifest(progressDeadline="0s"), "spec.progressDeadline", "'0s' is out of bounds: give 1s to 720h"
    ),
    "a poll under its bounds": Refused(
        manifest(alarms=alarms(pollInterval="500ms")),
        "spec.alarms.pollInterval",
        "'500ms' is out of bounds: give 1s to 1h",
    ),
    "a poll over its bounds": Refused(
        manifest(alarms=alarms(pollInterval="61m")),
        "spec.alarms.pollInterval",
        "'61m' is out of bounds: give 1s to 1h",
    ),
    "a rate of false alarms without a percent sign": Refused(
        manifest(analysis={"falseAlarmRate": "0.01"}),
        "spec.analysis.falseAlarmRate",
        "'0.01' is not a percentage: give a number with at most three decimals and a percent sign, like 2.5%",
    ),
    "a rate of false alarms under its bounds": Refused(
        manifest(analysis={"falseAlarmRate": "0.05%"}),
        "spec.analysis.falseAlarmRate",
        "'0.05%' is out of bounds: give 0.1% to 10%",
    ),
    "a margin over its bounds": Refused(
        manifest(analysis={"margin": "50.001%"}),
        "spec.analysis.margin",
        "'50.001%' is out of bounds: give 0.1% to 50%",
    ),
    "a word for a horizon": Refused(
        manifest(analysis={"horizon": "Auto"}), "spec.analysis.horizon", f"'Auto' {NO_HORIZON}"
    ),
    "a horizon over its bounds": Refused(
        manifest(analysis={"horizon": "25h"}), "spec.analysis.horizon", f"'25h' {NO_HORIZON}"
    ),
    "a horizon beyond any duration": Refused(
        manifest(analysis={"horizon": "9999999999h"}), "spec.analysis.horizon", f"'9999999999h' {NO_HORIZON}"
    ),
    "a rollback window under its bounds": Refused(
        manifest(rollbackWindow={"within": "59s"}),
        "spec.rollbackWindow.within",
        "'59s' is out of bounds: give 1m to 8760h",
    ),
    "a rollback window over its bounds": Refused(
        manifest(rollbackWindow={"within": "8761h"}),
        "spec.rollbackWindow.within",
        "'8761h' is out of bounds: give 1m to 8760h",
    ),
    # names
    "no ARN": Refused(
        manifest(stateMachineArn="OrderProcessor"), "spec.stateMachineArn", f"'OrderProcessor' {NOT_AN_ARN}"
    ),
    "an ARN of another service": Refused(
        manifest(stateMachineArn="arn:aws:lambda:eu-west-1:123456789012:function:f"),
        "spec.stateMachineArn",
        f"'arn:aws:lambda:eu-west-1:123456789012:function:f' {NOT_AN_ARN}",
    ),
    "an ARN of an execution": Refused(
        manifest(stateMachineArn=MACHINE.replace("stateMachine", "execution")),
        "spec.stateMachineArn",
        f"'{MACHINE.replace('stateMachine', 'execution')}' {NOT_AN_ARN}",
    ),
    "an ARN with a short account": Refused(
        manifest(stateMachineArn="arn:aws:states:eu-west-1:1234:stateMachine:a"),
        "spec.stateMachineArn",
        f"'arn:aws:states:eu-west-1:1234:stateMachine:a' {NOT_AN_ARN}",
    ),
    "an ARN with a space in the name": Refused(
        manifest(stateMachineArn=f"{MACHINE} 2"), "spec.stateMachineArn", f"'{MACHINE} 2' {NOT_AN_ARN}"
    ),
    "an ARN with a backslash in the name": Refused(
        manifest(stateMachineArn=f"{MACHINE}\\2"), "spec.stateMachineArn", f"'{MACHINE}\\2' {NOT_AN_ARN}"
    ),
    "an ARN with a version": Refused(
        manifest(stateMachineArn=f"{MACHINE}:42"),
        "spec.stateMachineArn",
        f"'{MACHINE}:42' has a version or alias behind the name: leave it out, write '{MACHINE}'",
    ),
    "an ARN with an alias": Refused(
        manifest(stateMachineArn=f"{MACHINE}:live"),
        "spec.stateMachineArn",
        f"'{MACHINE}:live' has a version or alias behind the name: leave it out, write '{MACHINE}'",
    ),
    "an ARN with a colon and nothing behind it": Refused(
        manifest(stateMachineArn=f"{MACHINE}:"),
        "spec.stateMachineArn",
        f"'{MACHINE}:' has a version or alias behind the name: leave it out, write '{MACHINE}'",
    ),
    "an alias with a space": Refused(manifest(alias="to live"), "spec.alias", f"'to live' {NOT_AN_ALIAS}"),
    "an alias with a letter from elsewhere": Refused(manifest(alias="läuft"), "spec.alias", f"'läuft' {NOT_AN_ALIAS}"),
    "an alias of digits only": Refused(
        manifest(alias="42"), "spec.alias", "'42' is a number, not a name of an alias: add a letter, '_', '-' or '.'"
    ),
    "an empty alias": Refused(
        manifest(alias=""),
        "spec.alias",
        "'' has 0 characters: give 1 to 80 characters",
        "spec.alias in body should be at least 1 chars long",
    ),
    "an alias of 81 characters": Refused(
        manifest(alias="a" * 81),
        "spec.alias",
        f"'{'a' * 76}... has 81 characters: give 1 to 80 characters",
        "may not be more than 80 bytes",
    ),
    "an alarm by its ARN": Refused(
        manifest(alarms={"names": ["a", f"{ALARM}Orders: failures"]}),
        "spec.alarms.names[1]",
        f"'{ALARM}Orders: failures' is an ARN, not a name of an alarm: write 'Orders: failures'",
    ),
    "an alarm by an ARN of something else": Refused(
        manifest(alarms={"names": ["arn:aws:sns:eu-west-1:123456789012:topic"]}),
        "spec.alarms.names[0]",
        "'arn:aws:sns:eu-west-1:123456789012:topic' is an ARN, not a name of an alarm: write 'NAME'",
    ),
    **{
        f"an alarm name with {what}": Refused(
            manifest(alarms={"names": ["a", f"Order{character}Processor"]}), "spec.alarms.names[1]", NOT_NAMEABLE
        )
        for what, character in {
            "NUL": "\x00",
            "a tab": "\t",
            "a line feed": "\n",
            "a carriage return": "\r",
            "an escape": "\x1b[2J",
            "the last of C0": "\x1f",
            "DEL": "\x7f",
            "the first of C1": "\x80",
            "CSI": "\x9b",
            "the last of C1": "\x9f",
            "a line separator": "\u2028",
            "a paragraph separator": "\u2029",
            "the replacement character": "\ufffd",
            "no character": "\uffff",
        }.items()
    },
    "an alarm name that is a line feed": Refused(
        manifest(alarms={"names": ["\n"]}), "spec.alarms.names[0]", NOT_NAMEABLE
    ),
    "an alarm name that ends in a line feed": Refused(
        manifest(alarms={"names": ["OrderProcessor-failures\n"]}), "spec.alarms.names[0]", NOT_NAMEABLE
    ),
    "an alarm name with half of a character": Refused(
        manifest(alarms={"names": ["\ud83d"]}),
        "spec.alarms.names[0]",
        "has half of a character (a lone surrogate): write the whole character",
        NOT_NAMEABLE,
    ),
    "an alarm name of 256 UTF-16 units": Refused(
        manifest(alarms={"names": ["🚨" * 128]}),
        "spec.alarms.names[0]",
        "has more than 255 UTF-16 units, the most that CloudWatch takes (an emoji counts as two): "
        "correct the name, or give the alarm a shorter one",
    ),
    # enums
    "a preset that AWS does not have": Refused(
        manifest(strategy={"preset": "Canary20Percent5Minutes"}),
        "spec.strategy.preset",
        "'Canary20Percent5Minutes' is not known: did you mean 'Canary10Percent5Minutes'?",
        'Unsupported value: "Canary20Percent5Minutes": supported values: "Canary10Percent5Minutes", '
        '"Canary10Percent10Minutes", "Canary10Percent15Minutes", "Canary10Percent30Minutes", '
        '"Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes", '
        '"Linear10PercentEvery10Minutes", "AllAtOnce"',
    ),
    "a policy in lower case": Refused(
        manifest(alarms=alarms(onMissing="block")),
        "spec.alarms.onMissing",
        "'block' is not known: did you mean 'Block'?",
        'Unsupported value: "block": supported values: "Block", "Ignore"',
    ),
    "a strictness in lower case": Refused(
        manifest(preflight={"pins": "enforce"}),
        "spec.preflight.pins",
        "'enforce' is not known: did you mean 'Enforce'?",
        'Unsupported value: "enforce": supported values: "Off", "Warn", "Enforce"',
    ),
    "a policy that nobody knows": Refused(
        manifest(driftPolicy="Panic"),
        "spec.driftPolicy",
        "'Panic' is not known: use one of Hold, Reassert, Adopt",
        'Unsupported value: "Panic": supported values: "Hold", "Reassert", "Adopt"',
    ),
    # types
    "a version in quotes": Refused(
        manifest(version="42"),
        "spec.version",
        "'42' is no integer: write a whole number, without quotes",
        'spec.version in body must be of type integer: "string"',
    ),
    "a version of true": Refused(
        manifest(version=True),
        "spec.version",
        "true is no integer: write a whole number, without quotes",
        'spec.version in body must be of type integer: "boolean"',
    ),
    "a version with a fraction": Refused(
        manifest(version=4.5),
        "spec.version",
        "4.5 is no integer: write a whole number, without quotes",
        'spec.version in body must be of type integer: "number"',
    ),
    "paused in quotes": Refused(
        manifest(paused="true"),
        "spec.paused",
        "'true' is no boolean: write true or false, without quotes",
        'spec.paused in body must be of type boolean: "string"',
    ),
    "steps that are no list": Refused(
        manifest(strategy={"steps": {"setWeight": 5}}),
        "spec.strategy.steps",
        "{'setWeight': 5} is no array: write a list, each item after a '-'",
        'unknown field "spec.strategy.steps.setWeight"',
    ),
    "a step that is no mapping": Refused(
        manifest(strategy={"steps": [5]}),
        "spec.strategy.steps[0]",
        "5 is no object: write its fields below it",
        'spec.strategy.steps[0] in body must be of type object: "integer"',
    ),
    # fields
    "no version": Refused(
        manifest(version=LEFT_OUT),
        "spec.version",
        "is required: Number of the published version that the alias should serve",
        "Required value",
    ),
    "a canary without an interval": Refused(
        manifest(strategy={"canary": {"weight": 10}}),
        "spec.strategy.canary.interval",
        "is required: How long to watch before all traffic follows, 1s to 720h, like 10m",
        "Required value",
    ),
    "an unknown field": Refused(
        manifest(owner="me"),
        "spec.owner",
        "unknown field 'owner': leave it out",
        'unknown field "spec.owner"',
    ),
    "a check that is misspelt": Refused(
        manifest(preflight={"pin": "Enforce"}),
        "spec.preflight.pin",
        "unknown field 'pin': did you mean 'pins'?",
        'unknown field "spec.preflight.pin"',
    ),
    "a check as Python spells it": Refused(
        manifest(preflight={"entry_point": "Enforce"}),
        "spec.preflight.entry_point",
        "unknown field 'entry_point': did you mean 'entryPoint'?",
        'unknown field "spec.preflight.entry_point"',
    ),
    "a smoke without an input": Refused(
        manifest(preflight={"smoke": {"timeout": "1m"}}),
        "spec.preflight.smoke.input",
        "is required: The execution's input, any JSON object of at most 8 KiB",
        "Required value",
    ),
    "a smoke whose input is a text": Refused(
        manifest(preflight={"smoke": {"input": '{"dryRun": true}'}}),
        "spec.preflight.smoke.input",
        """'{"dryRun": true}' is no object: write its fields below it""",
        'spec.preflight.smoke.input in body must be of type object: "string"',
    ),
    "a smoke that takes longer than an hour": Refused(
        manifest(preflight={"smoke": {"input": {}, "timeout": "2h"}}),
        "spec.preflight.smoke.timeout",
        "'2h' is out of bounds: give 1s to 1h",
    ),
    "a smoke that is to end as nothing ends": Refused(
        manifest(preflight={"smoke": {"input": {}, "expect": {"status": "DONE"}}}),
        "spec.preflight.smoke.expect.status",
        "'DONE' is not known: use one of SUCCEEDED, FAILED, TIMED_OUT, ABORTED",
        'Unsupported value: "DONE": supported values: "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"',
    ),
    "a smoke with a strictness": Refused(
        manifest(preflight={"smoke": "Enforce"}),
        "spec.preflight.smoke",
        "'Enforce' is no object: write its fields below it",
        'spec.preflight.smoke in body must be of type object: "string"',
    ),
    "a preflight that is one word": Refused(
        manifest(preflight="Enforce"),
        "spec.preflight",
        "'Enforce' is no object: write its fields below it",
        'spec.preflight in body must be of type object: "string"',
    ),
    "a misspelt field": Refused(
        manifest(strategy={"canary": {"weight": 10, "interval": "10m", "intervall": "5m"}}),
        "spec.strategy.canary.intervall",
        "unknown field 'intervall': did you mean 'interval'?",
        'unknown field "spec.strategy.canary.intervall"',
    ),
    "a field as Python spells it": Refused(
        manifest(bake_time="10m"),
        "spec.bake_time",
        "unknown field 'bake_time': did you mean 'bakeTime'?",
        'unknown field "spec.bake_time"',
    ),
    "a field that a later version will have": Refused(
        manifest(track="LatestVersion"),
        "spec.track",
        "unknown field 'track': leave it out",
        'unknown field "spec.track"',
    ),
    "a field in an empty strategy": Refused(
        manifest(strategy={"allAtOnce": {"interval": "5m"}}, bakeTime="5m"),
        "spec.strategy.allAtOnce.interval",
        "unknown field 'interval': leave it out",
        'unknown field "spec.strategy.allAtOnce.interval"',
    ),
}
