"""What a person wants to see played, as words of a command line: `p95=ALARM@12m..14m`, `pause@3m`, `10m..11m`."""

from collections.abc import Iterable, Iterator

from sfn_rollouts.api import LARGEST_VERSION
from sfn_rollouts.api.durations import Duration
from sfn_rollouts.core.values.commands import Action
from sfn_rollouts.sim.ports import AWS_APIS, KUBERNETES_APIS
from sfn_rollouts.sim.scenario import AlarmChange, Command, Edit, Event, Fault, FaultKind, Kill

ALARM_STATES = ("OK", "ALARM", "INSUFFICIENT_DATA", "MISSING")
FAULTS = ("throttle", "error", "timeout-before", "timeout-after")
_SERVICES = {"states": "stepfunctions", "sfn": "stepfunctions", "monitoring": "cloudwatch"}


def alarm_changes(texts: Iterable[str]) -> list[AlarmChange]:
    """Parse `NAME=STATE@FROM..TO`: outside of its windows an alarm is OK.

    Raises:
        ValueError: with the text and what one looks like.
    """
    changes = [change for text in texts for change in _alarm(text)]
    # Where one window ends and another begins, the beginning counts.
    return sorted(changes, key=lambda change: (change.at_s, change.state != "OK"))


def faults(texts: Iterable[str]) -> list[Fault]:
    """Parse `SERVICE.OPERATION=KIND@FROM..TO`.

    Raises:
        ValueError: with the text and what one looks like.
    """
    return [_fault(text) for text in texts]


def kills(texts: Iterable[str]) -> list[Kill]:
    """Parse `FROM..TO`: no operator runs meanwhile.

    Raises:
        ValueError: with the text and what one looks like.
    """
    return [Kill(*_window(text, text, "--kill-operator FROM..TO, like 10m..11m")) for text in texts]


def actions(texts: Iterable[str]) -> list[Event]:
    """Parse `ACTION@TIME` and `version=N@TIME`: what people do, in the order of time.

    Raises:
        ValueError: with the text and what one looks like.
    """
    events = [_action(text) for text in texts]
    return sorted(events, key=lambda event: getattr(event, "at_s", 0.0))


def _alarm(text: str) -> Iterator[AlarmChange]:
    form = f"--alarm NAME=STATE@FROM..TO, like p95=ALARM@12m..14m; STATE is one of {', '.join(ALARM_STATES)}"
    name, state, window = _parts(text, form)
    if state not in ALARM_STATES:
        raise ValueError(f"{text!r}: {state!r} is no state: write {form}")
    from_s, until_s = _window(window, text, form)
    yield AlarmChange(from_s, name, None if state == "MISSING" else state)
    if until_s is not None:
        yield AlarmChange(until_s, name, "OK")


def _fault(text: str) -> Fault:
    form = f"--fault SERVICE.OPERATION=KIND@FROM..TO; KIND is one of {', '.join(FAULTS)}"
    api, kind, window = _parts(text, form)
    if kind not in FAULTS:
        raise ValueError(f"{text!r}: {kind!r} is no kind of fault: write {form}")
    return Fault(*_window(window, text, form), _api(api, text), FaultKind(kind))


def _api(api: str, text: str) -> str:
    service, _, operation = api.partition(".")
    full = f"{_SERVICES.get(service, service)}.{operation}"
    known = (*AWS_APIS, *KUBERNETES_APIS)
    if full not in known and not (operation == "*" and any(each.startswith(full[:-1]) for each in known)):
        raise ValueError(f"{text!r}: the operator does not call {api!r}; it calls {', '.join(known)}")
    return full


def _action(text: str) -> Event:
    actions = ", ".join(Action)
    form = f"--user ACTION@TIME, like pause@3m; ACTION is one of {actions} or version=N, N from 1 to {LARGEST_VERSION}"
    what, _, at = text.rpartition("@")
    at_s = _seconds(at, text, form)
    name, _, number = what.partition("=")
    if name == "version" and _is_version(number):
        return Edit(at_s, {"version": int(number)})
    if what not in set(Action):
        raise ValueError(f"{text!r}: write {form}")
    return Command(at_s, what)


def _is_version(number: str) -> bool:
    """Python refuses to read thousands of digits."""
    return number.isdecimal() and len(number) <= len(str(LARGEST_VERSION)) and 1 <= int(number) <= LARGEST_VERSION


def _parts(text: str, form: str) -> tuple[str, str, str]:
    """Split NAME=WHAT@WINDOW; the name of an alarm may hold both signs."""
    left, at, window = text.rpartition("@")
    name, equals, what = left.rpartition("=")
    if not (at and equals and name and what):
        raise ValueError(f"{text!r}: write {form}")
    return name, what, window


def _window(window: str, text: str, form: str) -> tuple[float, float | None]:
    start, dots, end = window.partition("..")
    if not dots:
        raise ValueError(f"{text!r}: {window!r} is no time from..to: write {form}")
    from_s, until_s = _seconds(start, text, form), _seconds(end, text, form) if end else None
    if until_s is not None and until_s <= from_s:
        raise ValueError(f"{text!r}: it ends before it begins: write {form}")
    return from_s, until_s


def _seconds(word: str, text: str, form: str) -> float:
    if word.isdecimal():
        return float(word)
    try:
        return Duration.parse(word).seconds
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}; write {form}") from None
