"""What must have been read before anything can be judged: the alias and the wanted version, and not long ago."""

from typing import Any

from sfn_rollouts.core.alias_state import AliasState
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.rechecking import FRESH_S, STALE_RETRY_S, look_again
from sfn_rollouts.core.values.findings import PASS, Finding, Hold, hold_of_unseen
from sfn_rollouts.core.values.looks import FindVersion, Look, ReadAlias
from sfn_rollouts.core.values.moments import after
from sfn_rollouts.core.values.readings import Unseen, VersionReading
from sfn_rollouts.core.values.reasons import Reason


def alias_is_unreadable(case: Case) -> Finding:
    """What could not be read is a fact: wait for what may pass, say what needs a person."""
    unseen = case.seen.alias
    if not isinstance(unseen, Unseen):
        return PASS
    return hold_of_unseen(unseen, f"the alias could not be read: {unseen.why}", _lacking(case))


def version_is_unreadable(case: Case) -> Finding:
    """The wanted one, likewise."""
    unseen = case.seen.of(FindVersion(case.spec.version))
    if not isinstance(unseen, Unseen):
        return PASS
    return hold_of_unseen(unseen, f"version {case.spec.version} could not be read: {unseen.why}", _lacking(case))


def alias_or_version_is_unread(case: Case) -> Finding:
    """Nobody has looked yet."""
    lacking = _lacking(case)
    return Hold(Reason.INITIALIZING, "alias and version are being read", looks=lacking) if lacking else PASS


def alias_was_read_before_our_write(case: Case) -> Finding:
    """What the alias serves now becomes the stable version, so it must be known for certain."""
    return _read_once_more(case, STALE_RETRY_S) if case.alias_state is AliasState.STALE else PASS


def alias_or_version_was_read_long_ago(case: Case) -> Finding:
    """A wait at the start may be long: what was read before it says nothing about now, the version neither."""
    version = FindVersion(case.spec.version)
    wanted = case.seen.of(version)
    looks, _ = look_again(case, FRESH_S)
    if looks:
        return _read_once_more(case, FRESH_S)
    is_old = isinstance(wanted, VersionReading) and after(wanted.read_at, FRESH_S) <= case.now
    return Hold(Reason.INITIALIZING, _ONCE_MORE, looks=frozenset({version})) if is_old else PASS


_ONCE_MORE = "alias and version are being read once more"


def _read_once_more(case: Case, after_s: float) -> Hold:
    looks, wake = look_again(case, after_s)
    both = looks | {FindVersion(case.spec.version)} if looks else looks
    return Hold(Reason.INITIALIZING, _ONCE_MORE, looks=both, until=wake)


def _lacking(case: Case) -> frozenset[Look[Any]]:
    answers = {look: case.seen.of(look) for look in (ReadAlias(), FindVersion(case.spec.version))}
    return frozenset(look for look, answer in answers.items() if answer is None or isinstance(answer, Unseen))
