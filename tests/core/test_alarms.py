"""Every policy times every finding, before and after the start; no firing is missed, none counts twice."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from sfn_rollouts.api.spec import Alarms
from sfn_rollouts.api.status import AlarmState, AlarmStatus
from sfn_rollouts.core.judges.alarms import judge_alarms, worst
from sfn_rollouts.core.values.findings import Hold, Pass, Trip
from sfn_rollouts.core.values.looks import ReadHistory
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.readings import (
    AlarmMissing,
    AlarmReading,
    AlarmSnapshot,
    AlarmTransition,
    Trouble,
    Unseen,
)
from tests.core.world import START, World

OK, ALARM, NO_DATA, UNKNOWN = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, AlarmState.UNKNOWN
AGO = START - timedelta(hours=1)


def at(seconds):
    return START + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Explained(AlarmReading):
    """A reading with what its history shows, None where that was not read."""

    history: tuple[AlarmTransition, ...] | Unseen | None = None


def reading(state, since_s=-3600.0, read_s=0.0, changes=None):
    """A reading at START; `changes`: (seconds, new state) after an OK, None where the history was not read."""
    transitions, old = [], OK
    for second, new in changes or ():
        transitions.append(AlarmTransition(at(second), old, new))
        old = new
    snapshot = AlarmSnapshot(state, at(since_s), "why")
    return Explained(snapshot, at(read_s), None if changes is None else tuple(transitions))


def unevaluated(state, evaluation="EVALUATION_ERROR"):
    return AlarmReading(AlarmSnapshot(state, AGO if state is OK else at(-5), "why", evaluation), START)


def judge(policy, fact, memory=None, *, has_started=True, names=("A",)):
    alarms = Alarms.model_validate({"names": list(names), **policy})
    answers = {}
    if memory is not None and memory.since is not None and getattr(fact, "history", None) is not None:
        answers = {ReadHistory("A", memory.since, fact.snapshot.since): fact.history}
    seen = Observation(answers, alarms={} if fact is None else {"A": fact})
    return judge_alarms(alarms, [memory] if memory else [], seen, START, has_started=has_started)


def word(verdict):
    """`pass`, `hold Reason`, `stalled Reason` or `trip Reason`; whatever it is, the alarm is remembered and named."""
    [finding], [memory] = verdict.findings, verdict.memories
    assert memory.name == "A"
    assert isinstance(finding, Pass) or "alarm A " in finding.message
    match finding:
        case Pass():
            return "pass"
        case Hold(needs_person=True):
            return f"stalled {finding.reason}"
        case Hold():
            return f"hold {finding.reason}"
        case Trip():
            return f"trip {finding.reason}"


WAS_OK = AlarmStatus(name="A", state=OK, since=AGO)
IGNORED = AlarmStatus(name="A", state=ALARM, since=AGO, ignored_until_ok=True)
FIRED = [(-20, ALARM), (-10, OK)]

# sentence: policy, fact, before the start, after the start (with the alarm remembered as OK)
BY_STATE = {
    "OK passes": ({}, reading(OK), "pass", "pass"),
    "a firing alarm waits at the start and trips in flight": (
        {},
        reading(ALARM, -5),
        "hold AlarmFiring",
        "trip AlarmFiring",
    ),
    "a firing alarm may be ignored at the start only": (
        {"onFiringAtStart": "IgnoreUntilOk"},
        reading(ALARM, -5),
        "pass",
        "trip AlarmFiring",
    ),
    "no data is ignored by default": ({}, reading(NO_DATA), "pass", "pass"),
    "no data may hold": (
        {"onInsufficientData": "Hold"},
        reading(NO_DATA),
        "hold AlarmInsufficientData",
        "hold AlarmInsufficientData",
    ),
    "no data may trip, but only in flight": (
        {"onInsufficientData": "Rollback"},
        reading(NO_DATA),
        "hold AlarmInsufficientData",
        "trip AlarmInsufficientData",
    ),
    "a missing alarm needs a person at the start, and in flight the next polls": (
        {},
        AlarmMissing(START),
        "stalled AlarmMissing",
        "hold AlarmMissing",
    ),
    "a missing alarm may be ignored": ({"onMissing": "Ignore"}, AlarmMissing(START), "pass", "pass"),
    "an alarm that nobody evaluates holds": (
        {},
        unevaluated(OK),
        "hold AlarmUnevaluated",
        "hold AlarmUnevaluated",
    ),
    "an alarm whose evaluation failed holds": (
        {},
        unevaluated(OK, "EVALUATION_FAILURE"),
        "hold AlarmUnevaluated",
        "hold AlarmUnevaluated",
    ),
    "a state of evaluation that nobody knows yet holds": (
        {},
        unevaluated(OK, "EVALUATION_ON_HOLIDAY"),
        "hold AlarmUnevaluated",
        "hold AlarmUnevaluated",
    ),
    "an alarm with partial data is evaluated": ({}, unevaluated(OK, "PARTIAL_DATA"), "pass", "pass"),
    "unevaluated may be ignored": ({"onUnevaluated": "Ignore"}, unevaluated(OK), "pass", "pass"),
    "unevaluated may trip, but only in flight": (
        {"onUnevaluated": "Rollback"},
        unevaluated(OK),
        "hold AlarmUnevaluated",
        "trip AlarmUnevaluated",
    ),
    "an alarm that fires counts whoever evaluates it": (
        {},
        unevaluated(ALARM),
        "hold AlarmFiring",
        "trip AlarmFiring",
    ),
    "an ignored firing that nobody evaluates holds": (
        {"onFiringAtStart": "IgnoreUntilOk"},
        unevaluated(ALARM),
        "hold AlarmUnevaluated",
        "trip AlarmFiring",
    ),
    "no data that trips outranks an evaluation that holds": (
        {"onInsufficientData": "Rollback"},
        unevaluated(NO_DATA),
        "hold AlarmUnevaluated",
        "trip AlarmInsufficientData",
    ),
    "an evaluation that trips outranks no data that holds": (
        {"onInsufficientData": "Hold", "onUnevaluated": "Rollback"},
        unevaluated(NO_DATA),
        "hold AlarmUnevaluated",
        "trip AlarmUnevaluated",
    ),
    "an alarm that nobody has read holds": ({}, None, "hold Initializing", "hold Initializing"),
    "a failed read is tried again": ({}, Unseen("x", at(-29)), "hold RetryingAWS", "hold RetryingAWS"),
    "a read that fails for three polls is unreadable": (
        {},
        Unseen("x", at(-30)),
        "hold AlarmUnreadable",
        "hold AlarmUnreadable",
    ),
    "a reading older than three polls is none": (
        {},
        reading(OK, read_s=-30),
        "hold AlarmUnreadable",
        "hold AlarmUnreadable",
    ),
    "an old answer that it is missing is none either": (
        {"onMissing": "Ignore"},
        AlarmMissing(at(-31)),
        "hold AlarmUnreadable",
        "hold AlarmUnreadable",
    ),
    "unreadable may trip, but only in flight": (
        {"onUnreadable": "Rollback"},
        Unseen("x", at(-30)),
        "hold AlarmUnreadable",
        "trip AlarmUnreadable",
    ),
    "three polls of grace come first": (
        {"onUnreadable": "Rollback"},
        Unseen("x", at(-29)),
        "hold RetryingAWS",
        "hold RetryingAWS",
    ),
    "a refusal needs a person, at once": (
        {},
        Unseen("x", at(-1), Trouble.DENIED),
        "stalled AccessDenied",
        "stalled AccessDenied",
    ),
    "a refusal for three polls is unreadable by policy": (
        {"onUnreadable": "Rollback"},
        Unseen("x", at(-30), Trouble.DENIED),
        "stalled AccessDenied",
        "trip AlarmUnreadable",
    ),
    "the reason of a composite alarm may be empty": (
        {},
        AlarmReading(AlarmSnapshot(ALARM, at(-5)), START),
        "hold AlarmFiring",
        "trip AlarmFiring",
    ),
}


@pytest.mark.parametrize("sentence", BY_STATE)
def test_by_state(sentence):
    policy, fact, before, after = BY_STATE[sentence]
    memory = WAS_OK if not isinstance(fact, AlarmReading) or fact.snapshot.state is not NO_DATA else None
    assert word(judge(policy, fact, WAS_OK, has_started=False)) == before
    assert word(judge(policy, fact, memory)) == after


IGNORE = {"onTransient": "Ignore"}
# sentence: policy, memory, fact, finding; all in flight
UNSEEN_CHANGES = {
    "nothing changed since it was judged": ({}, WAS_OK, reading(OK), "pass"),
    "a stale answer from before is no news": ({}, WAS_OK, reading(NO_DATA, -7200), "pass"),
    "a change behind our back asks for the history": ({}, WAS_OK, reading(OK, -10), "hold Initializing"),
    "it fired and cleared between two polls": ({}, WAS_OK, reading(OK, -10, changes=FIRED), "trip AlarmTransient"),
    "it fired and cleared, which the policy ignores": (IGNORE, WAS_OK, reading(OK, -10, changes=FIRED), "pass"),
    "where blips are ignored no history is needed": (IGNORE, WAS_OK, reading(OK, -10), "pass"),
    "it lost its data and got it back": ({}, WAS_OK, reading(OK, -10, changes=[(-20, NO_DATA), (-10, OK)]), "pass"),
    "it fires openly, whatever its history says": ({}, WAS_OK, reading(ALARM, -10), "trip AlarmFiring"),
    "it fired, and lost its data since": (
        {},
        WAS_OK,
        reading(NO_DATA, -10, changes=[(-20, ALARM), (-10, NO_DATA)]),
        "trip AlarmTransient",
    ),
    "a history that is empty yet is no pass": ({}, WAS_OK, reading(OK, -10, changes=[]), "hold RetryingAWS"),
    "an empty history is believed after three polls": ({}, WAS_OK, reading(OK, -30, changes=[]), "pass"),
    "a history that lacks the last change is no pass": (
        {},
        WAS_OK,
        reading(OK, -10, changes=[(-20, NO_DATA)]),
        "hold RetryingAWS",
    ),
    "a history that ends as it should, but earlier, is no pass": (
        {},
        WAS_OK,
        reading(OK, -10, changes=[(-30, NO_DATA), (-20, OK)]),
        "hold RetryingAWS",
    ),
    "a history that dates the last change two seconds earlier is complete": (
        {},
        WAS_OK,
        reading(OK, -10, changes=[(-30, NO_DATA), (-12, OK)]),
        "pass",
    ),
    "a late history is unreadable in the end": (
        {},
        WAS_OK,
        reading(OK, -40, changes=[(-50, NO_DATA)]),
        "hold AlarmUnreadable",
    ),
    "a firing in an incomplete history counts": (
        {},
        WAS_OK,
        reading(OK, -10, changes=[(-20, ALARM), (-15, NO_DATA)]),
        "trip AlarmTransient",
    ),
    "a firing newer than the snapshot counts": (
        {},
        WAS_OK,
        reading(OK, -10, changes=[(-20, NO_DATA), (-10, OK), (-1, ALARM)]),
        "trip AlarmFiring",
    ),
    "an entry that cannot be understood is no pass": (
        {},
        WAS_OK,
        reading(OK, -10, changes=[(-20, UNKNOWN), (-10, OK)]),
        "hold RetryingAWS",
    ),
    "an entry that cannot be understood is unreadable in the end": (
        {},
        WAS_OK,
        reading(OK, -40, changes=[(-50, UNKNOWN), (-40, OK)]),
        "hold AlarmUnreadable",
    ),
    "a firing beside an entry that cannot be understood counts": (
        {},
        WAS_OK,
        reading(OK, -10, changes=[(-30, ALARM), (-20, UNKNOWN), (-10, OK)]),
        "trip AlarmTransient",
    ),
    "what was judged before does not count again": (
        {},
        WAS_OK,
        reading(NO_DATA, -10, changes=[(-4000, ALARM), (-3700, OK), (-10, NO_DATA)]),
        "pass",
    ),
    "the change that was judged last does not count again": (
        {},
        AlarmStatus(name="A", state=ALARM, since=AGO),
        reading(OK, -10, changes=[(-3600, ALARM), (-10, OK)]),
        "pass",
    ),
    "ignored until OK, and still firing": ({}, IGNORED, reading(ALARM), "pass"),
    "ignored, and a new firing asks for the history": ({}, IGNORED, reading(ALARM, -10), "hold Initializing"),
    "ignored, then OK": ({}, IGNORED, reading(OK, -10, changes=[(-10, OK)]), "pass"),
    "ignored, then OK and firing again, all unseen": (
        {},
        IGNORED,
        reading(ALARM, -10, changes=[(-20, OK), (-10, ALARM)]),
        "trip AlarmFiring",
    ),
    "ignored, then OK and firing again, where blips are ignored": (
        IGNORE,
        IGNORED,
        reading(ALARM, -10, changes=[(-20, OK), (-10, ALARM)]),
        "trip AlarmFiring",
    ),
    "ignored, then OK, fired and cleared": (
        {},
        IGNORED,
        reading(OK, -5, changes=[(-20, OK), (-10, ALARM), (-5, OK)]),
        "trip AlarmTransient",
    ),
    "ignored, lost its data and fires again without an OK": (
        {},
        IGNORED,
        reading(ALARM, -10, changes=[(-20, NO_DATA), (-10, ALARM)]),
        "pass",
    ),
    "an alarm added in flight counts by its state": ({}, None, reading(ALARM, -10), "trip AlarmFiring"),
    "an alarm added in flight has no past": ({}, None, reading(OK, -10), "pass"),
    "an alarm added while firing may be ignored": (
        {"onFiringAtStart": "IgnoreUntilOk"},
        None,
        reading(ALARM, -10),
        "pass",
    ),
}


@pytest.mark.parametrize("sentence", UNSEEN_CHANGES)
def test_unseen_changes(sentence):
    policy, memory, fact, finding = UNSEEN_CHANGES[sentence]
    assert word(judge(policy, fact, memory)) == finding


def missing_for(*seconds, policy=None, memory=WAS_OK):
    """Words after each reading that misses the alarm; between two of them only what the status stores is kept."""
    words = []
    for second in seconds:
        alarms = Alarms.model_validate({"names": ["A"], **(policy or {})})
        seen = Observation(alarms={"A": AlarmMissing(at(second))}, poll_interval_s=10.0)
        verdict = judge_alarms(alarms, [memory], seen, at(second), has_started=True)
        memory = AlarmStatus.model_validate_json(verdict.memories[0].model_dump_json(by_alias=True))
        words.append(word(verdict))
    return words


HELD, GONE = "hold AlarmMissing", "trip AlarmMissing"
POLLS = {
    "the third poll in a row goes back": ((0, 10, 20), [HELD, HELD, GONE]),
    "two looks within one poll are one": ((0, 9.999, 10, 19.999, 20), [HELD, HELD, HELD, HELD, GONE]),
    "many looks within one poll are one": (range(10), [HELD] * 10),
    "the same reading judged again counts once": ((0, 0, 0, 10, 10, 10), [HELD] * 6),
    "after a long time without an operator it is still the second poll": ((0, 3600, 3610), [HELD, HELD, GONE]),
    "a clock that was set back counts from there on": ((0, 10, -3590, -3585, -3580), [HELD] * 4 + [GONE]),
}


@pytest.mark.parametrize("sentence", POLLS)
def test_polls_that_miss_an_alarm(sentence):
    seconds, words = POLLS[sentence]
    assert missing_for(*seconds) == words


def test_a_poll_that_finds_the_alarm_begins_the_count_again():
    [memory] = judge({}, AlarmMissing(at(-20)), WAS_OK).memories
    [memory] = judge({}, AlarmMissing(at(-10)), memory).memories
    assert memory.missed.polls == 2
    [found] = judge({}, reading(OK), memory).memories
    assert found.missed is None
    assert missing_for(0, 10, memory=found) == [HELD, HELD]


def test_a_poll_that_fails_neither_counts_nor_begins_again():
    [memory] = judge({}, AlarmMissing(at(-20)), WAS_OK).memories
    [memory] = judge({}, Unseen("throttled", at(-10)), memory).memories
    assert missing_for(0, 10, memory=memory) == [HELD, GONE]


def test_polls_while_missing_is_ignored_do_not_count_later():
    [memory] = judge(
        {"onMissing": "Ignore"}, AlarmMissing(START), AlarmStatus(name="A", state=OK, missed=None)
    ).memories
    assert memory.missed is None
    assert missing_for(10, 20, memory=memory) == [HELD, HELD]


def test_the_message_says_how_many_polls_have_missed_it():
    [finding] = judge({}, AlarmMissing(START), WAS_OK).findings
    assert "(poll 1 of 3 that misses it; with the last one it goes back)" in finding.message
    assert "spec.alarms.onMissing: Ignore" in finding.message


def test_an_alarm_that_nobody_evaluates_is_of_an_unknown_state():
    [memory] = judge({}, unevaluated(OK), WAS_OK).memories
    assert (memory.state, memory.since) == (UNKNOWN, AGO)
    assert memory.reason == "not evaluated (EVALUATION_ERROR); it was OK before"
    [memory] = judge({"onUnevaluated": "Ignore"}, unevaluated(OK), WAS_OK).memories
    assert memory.state is OK


def test_it_is_said_what_leads_out_of_what_cannot_be_judged():
    [finding] = judge({}, unevaluated(OK), WAS_OK).findings
    assert finding.message.endswith("correct what it evaluates, or set spec.alarms.onUnevaluated: Ignore")
    [finding] = judge({}, reading(OK, read_s=-30.0), WAS_OK).findings
    assert finding.message == "alarm A could not be read: the last reading is older than three polls"


def test_what_was_judged_is_remembered_and_not_judged_again():
    verdict = judge({}, reading(OK, -10, changes=FIRED), WAS_OK)
    again = judge({}, reading(OK, -10), verdict.memories[0])
    assert word(verdict) == "trip AlarmTransient"
    assert word(again) == "pass"


def test_an_alarm_without_words_of_its_own():
    [finding] = judge({}, AlarmReading(AlarmSnapshot(ALARM, at(-5)), START)).findings
    assert finding.message == "alarm A is firing"


def test_an_ok_ends_the_ignoring():
    [memory] = judge({}, reading(OK, -10, changes=[(-10, OK)]), IGNORED).memories
    assert memory.ignored_until_ok is None
    assert word(judge({}, reading(ALARM, -1), memory)) == "trip AlarmFiring"


def test_an_outage_keeps_what_was_judged():
    [memory] = judge({}, Unseen("throttled", at(-5)), WAS_OK).memories
    assert (memory.state, memory.since, memory.reason) == (UNKNOWN, AGO, "throttled")
    assert word(judge({}, reading(OK, -1), memory)) == "hold Initializing"


def test_a_history_that_is_late_is_asked_for_again():
    asked = {ReadHistory("A", AGO, at(-10))}
    assert judge({}, reading(OK, -10, changes=[]), WAS_OK).lacks == asked
    assert judge({}, reading(OK, -10), WAS_OK).lacks == asked
    assert not judge({}, reading(OK, -10, changes=FIRED), WAS_OK).lacks


NEEDS_HISTORY = {
    "one that changed unseen": (WAS_OK, reading(OK, -10), True),
    "one that did not change": (WAS_OK, reading(OK), False),
    "one that fires openly": (WAS_OK, reading(ALARM, -10), False),
    "one that fires, ignored until OK: it may have been OK in between": (IGNORED, reading(ALARM, -10), True),
    "one that was never judged": (AlarmStatus(name="A", state=UNKNOWN), reading(OK, -10), False),
    "one that is missing": (WAS_OK, AlarmMissing(START), False),
}


@pytest.mark.parametrize("sentence", NEEDS_HISTORY)
def test_of_alarms_the_history_is_read_of(sentence):
    """DescribeAlarmHistory is one call an alarm."""
    memory, fact, needs = NEEDS_HISTORY[sentence]
    assert bool(judge({}, fact, memory).lacks) is needs
    assert not judge({}, fact, memory, has_started=False).lacks, "before the first shift only the state counts"


def test_a_history_that_cannot_be_read_is_asked_for_again_and_unseen_since_the_first_try():
    """However often the alarm changes meanwhile: else a flapping alarm would never be unreadable for three polls."""
    refused = {ReadHistory("A", AGO, at(-300)): Unseen("refused", at(-300))}
    seen = Observation(refused, alarms={"A": reading(OK, -1)})
    verdict = judge_alarms(Alarms.model_validate({"names": ["A"]}), [WAS_OK], seen, START, has_started=True)
    assert word(verdict) == "hold AlarmUnreadable"
    assert verdict.lacks == {ReadHistory("A", AGO, at(-1))}


def test_a_history_explains_the_reading_that_it_was_read_for_and_no_later_one():
    """Else a firing between the two would never be looked for."""
    earlier = {ReadHistory("A", AGO, at(-300)): ()}
    seen = Observation(earlier, alarms={"A": reading(OK, -200)})
    verdict = judge_alarms(Alarms.model_validate({"names": ["A"]}), [WAS_OK], seen, START, has_started=True)
    assert word(verdict) == "hold Initializing"


def test_an_alarm_that_fires_openly_is_seen_although_its_history_is_not():
    refused = {ReadHistory("A", AGO, at(-5)): Unseen("refused", at(-300))}
    seen = Observation(refused, alarms={"A": reading(ALARM, -5)})
    verdict = judge_alarms(Alarms.model_validate({"names": ["A"]}), [WAS_OK], seen, START, has_started=True)
    assert word(verdict) == "trip AlarmFiring"


def test_all_alarms_together():
    names = ("A", "B", "C")
    alarms = Alarms.model_validate({"names": list(names)})
    facts = {"A": reading(ALARM, read_s=-5), "B": AlarmMissing(at(-2)), "C": reading(OK)}
    verdict = judge_alarms(alarms, (), Observation(alarms=facts), START, has_started=False)
    assert verdict.hold.reason == "AlarmMissing", "what needs a person is said first"
    assert verdict.trip is None
    assert verdict.read_at == at(-5)
    assert verdict.lapses_at == at(25)
    assert verdict.is_fresh(at(-5))
    assert not verdict.is_fresh(at(-4))
    assert judge_alarms(alarms, (), Observation(alarms=facts), START, has_started=True).trip.reason == "AlarmFiring"


def test_one_alarm_not_read_is_none_read():
    alarms = Alarms.model_validate({"names": ["A", "B"]})
    verdict = judge_alarms(alarms, (), Observation(alarms={"A": reading(OK)}), START, has_started=True)
    assert verdict.read_at is None
    assert not verdict.is_fresh(AGO)


@pytest.mark.parametrize("policy", [None, Alarms()])
def test_without_alarms_all_is_fresh(policy):
    verdict = judge_alarms(policy, (), Observation(), START, has_started=True)
    assert verdict.is_fresh(at(9999))
    assert (verdict.trip, verdict.hold, verdict.lapses_at) == (None, None, None)
    assert verdict.lacks == frozenset()


def test_the_worst_state_is_shown():
    states = [OK, NO_DATA, UNKNOWN, ALARM]
    for count, state in enumerate(states, start=1):
        assert worst(AlarmStatus(name=str(each), state=each) for each in states[:count]) is state
    assert worst(()) is AlarmState.NONE


def test_the_words_of_many_alarms_are_cut_and_of_one_are_not():
    long = AlarmReading(AlarmSnapshot(OK, AGO, "x" * 2000), START)
    assert len(judge({}, long).memories[0].reason) == 1024
    many = judge({}, long, names=["A", *(f"B{number}" for number in range(99))])
    assert len(many.memories[0].reason) == 61


def test_a_status_of_a_hundred_alarms_stays_small():
    """The world holds every status to 32 KiB: etcd, watches and `kubectl get -w` carry it at every step."""
    names = [f"{number:03}-" + "n" * 96 for number in range(100)]
    world = World(alarms={"names": names, "onFiringAtStart": "IgnoreUntilOk"})
    for name in names:
        world.alarms[name] = AlarmSnapshot(ALARM, AGO, "w" * 1023)
    world.settle()
    assert (world.status.phase, world.status.alarm, len(world.status.alarms)) == ("Progressing", "ALARM", 100)
