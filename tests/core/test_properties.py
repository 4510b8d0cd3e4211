"""What holds of every decision: over any input that is well typed, and along any life that a rollout may have."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfn_rollouts.api import status as api
from sfn_rollouts.core.closing import domain_conditions
from sfn_rollouts.core.decide import decide, hold_after_error
from sfn_rollouts.core.judges.table import JUDGES
from sfn_rollouts.core.phases import Phase
from sfn_rollouts.core.values import readings as facts
from sfn_rollouts.core.values.conditions import READY, RECONCILING, STALLED, condition
from sfn_rollouts.core.values.decision import WriteKind
from sfn_rollouts.core.values.looks import CountRunning, FindVersion, ReadAlias, ReadHistory
from sfn_rollouts.core.values.observation import Observation
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.readings import Trouble
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.rollout import InvalidSpec, Rollout
from sfn_rollouts.core.values.routing import Routing
from tests.core.specs import APPROVAL, LINEAR, spec
from tests.core.world import START, World, check_status

ROUNDS = 8
"""The engine decides up to 12 times a tick; far fewer must do."""

PAUSE_FIRST = {"steps": [{"pause": {"duration": "5s"}}, {"setWeight": 50}, {"pause": {}}]}
SPECS = [
    spec(**changes)
    for changes in (
        {},
        {"strategy": LINEAR, "alarms": {"names": ["A", "B"]}},
        {"strategy": APPROVAL, "driftPolicy": "Reassert", "rollbackWindow": {"revisions": 2}},
        {"strategy": PAUSE_FIRST, "driftPolicy": "Adopt", "paused": True, "deletionPolicy": "Orphan"},
        {
            "strategy": {"allAtOnce": {}},
            "bakeTime": None,
            "progressDeadline": "1s",
            "rollbackWindow": {"within": "1h"},
            "alarms": {
                "names": ["A"],
                "onMissing": "Ignore",
                "onFiringAtStart": "IgnoreUntilOk",
                "onInsufficientData": "Rollback",
                "onUnreadable": "Rollback",
                "onTransient": "Ignore",
            },
        },
    )
]


def built(model, **fields):
    """Not `st.builds`: it would fill in the fields' camelCase names besides."""
    return st.fixed_dictionaries(fields).map(lambda drawn: model(**drawn))


versions = st.integers(1, 4)
texts = st.text(st.characters(codec="utf-8", max_codepoint=0x2FF), max_size=12)
moments = st.one_of(
    st.integers(-4000, 4000).map(lambda second: START + timedelta(seconds=second)),
    st.integers(-3, 3).map(lambda second: START + timedelta(seconds=second)),
    st.sampled_from([START.replace(year=1), START.replace(year=9999, month=12, day=31)]),
)
maybe = st.none()
reasons = st.one_of(st.sampled_from([reason.value for reason in Reason]), st.just("NoSuchWord"))
routings = st.one_of(
    versions.map(Routing.whole),
    st.tuples(versions, versions, st.integers(0, 100)).map(lambda drawn: Routing.split(*drawn)),
)
digests = st.one_of(st.sampled_from([compile_plan(each).digest for each in SPECS]), st.sampled_from(["", "x", "3-abc"]))
troubles = st.sampled_from(list(Trouble))


@st.composite
def alias_statuses(draw):
    entries = tuple(api.RouteEntry(version=v, weight=w) for v, w in draw(routings).entries)
    broken = (api.RouteEntry(version=1, weight=7),)
    return api.AliasStatus(routing=draw(st.sampled_from([entries, broken])), update_date=draw(maybe | moments))


alarm_statuses = built(
    api.AlarmStatus,
    name=st.just("A"),
    state=st.sampled_from(list(api.AlarmState)),
    since=maybe | moments,
    reason=maybe | texts,
    ignored_until_ok=st.sampled_from([None, True]),
)
history_entries = built(
    api.HistoryEntry,
    version=versions,
    creation_date=maybe | moments,
    stable_version=maybe | versions,
    stable_creation_date=maybe | moments,
    outcome=st.sampled_from(list(api.Outcome)),
    reason=reasons,
    started_at=maybe | moments,
    finished_at=moments,
)
condition_lists = st.lists(
    built(
        api.Condition,
        type=st.sampled_from([READY, RECONCILING, STALLED, *domain_conditions(JUDGES)]),
        status=st.sampled_from(list(api.ConditionStatus)),
        last_transition_time=moments,
        reason=reasons,
        message=texts,
    ),
    max_size=7,
    unique_by=lambda item: item.type,
).map(tuple)
statuses = built(
    api.Status,
    phase=maybe | st.sampled_from(list(Phase)),
    message=maybe | texts,
    stable_version=maybe | versions,
    stable_creation_date=maybe | moments,
    target_version=maybe | versions,
    target_creation_date=maybe | moments,
    weight=maybe | st.integers(0, 100),
    step=maybe,
    step_started_at=maybe | moments,
    next_action_at=maybe | moments,
    plan_hash=maybe | digests,
    step_index=maybe | st.integers(0, 6),
    intent=maybe | built(api.Intent, weight=st.integers(0, 100), step_index=st.integers(0, 6), at=moments),
    shortcut=maybe | st.sampled_from(list(api.Shortcut)),
    wait_ended_at=maybe | moments,
    due_since=maybe | moments,
    pause_command=maybe | built(api.PauseCommand, id=texts, by=maybe | texts, at=moments),
    trip=maybe | built(api.Trip, reason=reasons, message=texts, at=moments),
    alias=maybe | alias_statuses(),
    alarms=st.lists(alarm_statuses, max_size=1).map(tuple),
    started_at=maybe | moments,
    finished_at=maybe | moments,
    outcome=maybe | st.sampled_from(list(api.Outcome)),
    retry_token=maybe | st.sampled_from(["", "x"]),
    running_executions=maybe | built(api.ExecutionCount, version=versions),
    last_command=maybe
    | built(
        api.LastCommand,
        id=texts,
        action=texts,
        result=st.sampled_from(list(api.CommandResult)),
        observed_at=moments,
    ),
    history=st.lists(history_entries, max_size=4).map(tuple),
    conditions=condition_lists,
)
unseen = st.builds(facts.Unseen, why=texts, since=moments, trouble=troubles)
alarm_facts = st.one_of(
    unseen,
    st.builds(facts.AlarmMissing, read_at=moments),
    st.builds(
        facts.AlarmReading,
        snapshot=st.builds(facts.AlarmSnapshot, st.sampled_from(list(api.AlarmState)[:3]), moments, texts),
        read_at=moments,
    ),
)
alias_answers = st.one_of(
    unseen,
    st.builds(facts.AliasMissing, read_at=moments),
    st.builds(facts.AliasReading, routing=routings, update_date=moments, read_at=moments),
)
version_answers = st.one_of(
    unseen, st.builds(facts.VersionReading, st.sampled_from(list(facts.VersionFound)), maybe | moments, moments)
)
history_answers = unseen | st.lists(
    st.builds(
        facts.AlarmTransition,
        moments,
        st.sampled_from(list(api.AlarmState)[:3]),
        st.sampled_from(list(api.AlarmState)[:3]),
    ),
    max_size=3,
).map(tuple)
count_answers = st.one_of(unseen, st.builds(facts.RunningExecutions, st.integers(0, 2000), st.booleans()))
answers = st.tuples(
    st.dictionaries(st.just(ReadAlias()), alias_answers),
    st.dictionaries(versions.map(FindVersion), version_answers, max_size=3),
    st.dictionaries(versions.map(CountRunning), count_answers, max_size=3),
    st.dictionaries(st.builds(ReadHistory, st.just("A"), moments, moments), history_answers, max_size=2),
).map(lambda drawn: drawn[0] | drawn[1] | drawn[2] | drawn[3])
observations = st.builds(
    Observation,
    answers=answers,
    written_at=maybe | moments,
    alarms=st.dictionaries(st.sampled_from("AB"), alarm_facts),
    poll_interval_s=st.sampled_from([1.0, 10.0, 3600.0]),
    write_failure=maybe | st.builds(facts.WriteFailure, why=texts, trouble=troubles, since=moments),
    has_older_rival=st.booleans(),
)
commands = st.one_of(
    maybe,
    texts,
    st.builds(
        lambda id_, action, generation, step: json.dumps(
            {"id": id_, "action": action, "generation": generation, "step": step}
        ),
        texts,
        st.sampled_from(["promote", "promote-full", "pause", "resume", "abort", "retry", "dance"]),
        st.integers(1, 2),
        maybe | st.integers(0, 3),
    ),
)
rollouts = st.builds(
    Rollout,
    generation=st.integers(1, 2),
    spec=st.one_of(
        st.builds(
            lambda base, version, token: base.model_copy(update={"version": version, "retry_token": token}),
            st.sampled_from(SPECS),
            versions,
            st.sampled_from(["", "x"]),
        ),
        st.builds(InvalidSpec, texts),
    ),
    status=statuses,
    created_at=moments,
    is_deleting=st.sampled_from([False, False, False, True]),
    command=commands,
)
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@many
@given(rollouts, observations)
def test_any_input_gives_a_decision_that_keeps_the_rules(rollout, seen):
    decision = decide(rollout, seen, START)
    assert decide(rollout, seen, START) == decision
    before, status = rollout.status.with_(outcome=None), decision.status.with_(outcome=None)
    if not rollout.is_deleting:
        check_status(before, status, rollout.generation)
        assert status.observed_generation == rollout.generation
    if decision.write is not None:
        check_write(rollout, decision)


def check_write(rollout, decision):
    write, status = decision.write, decision.status
    stable = status.stable_version
    assert {version for version, _ in write.routing.entries} <= {stable, status.target_version}
    assert status.finished_at is None
    assert decision.holds_finalizer
    if write.kind is WriteKind.RESTORE:
        assert write.routing == Routing.whole(stable)
        return
    assert status.trip is None
    assert rollout.status.intent is not None
    assert status.intent == rollout.status.intent


@many
@given(rollouts, observations)
def test_deciding_again_comes_to_an_end(rollout, seen):
    """Fed with its own status alone, and with no look or write in between: no ping-pong, and no wake in the past."""
    for _ in range(ROUNDS):
        decision = decide(rollout, seen, START)
        if decision.status == rollout.status:
            break
        rollout = replace(rollout, status=decision.status)
    else:
        raise AssertionError(f"no end after {ROUNDS} rounds: {decision}")
    assert decision.wake_at is None or decision.wake_at > START, "a wake in the past is a busy loop"
    is_final = decision.status.phase in (Phase.SUCCEEDED, Phase.ROLLED_BACK)
    is_dead_end = not (is_final or decision.wake_at or decision.looks or decision.write or decision.watches_alarms)
    waits_for_others = isinstance(rollout.spec, InvalidSpec) or seen.has_older_rival or rollout.is_deleting
    assert not is_dead_end or waits_for_others, "nothing would ever happen again"


@many
@given(rollouts, st.text(max_size=2000))
def test_a_defect_always_finds_a_decision(rollout, error):
    decision = hold_after_error(rollout, error, START)
    before = rollout.status.with_(outcome=None)
    check_status(before, decision.status.with_(outcome=None), rollout.generation)
    assert decision.wake_at > START


@many
@given(statuses)
def test_a_status_survives_the_api_server(status):
    """A crash between any two lines is harmless only if what was stored means the same when read back."""
    assert api.Status.model_validate(status.to_resource()) == status


# -- along a life --

STATES = [api.AlarmState.OK, api.AlarmState.ALARM, api.AlarmState.INSUFFICIENT_DATA, None]
STRATEGIES = [LINEAR, APPROVAL, PAUSE_FIRST, {"allAtOnce": {}}, {"canary": {"weight": 10, "interval": "1m"}}]
ALIASES = [1, 2, 3, Routing.split(1, 2, 30), Routing.split(2, 3, 50), None]

acts = st.one_of(
    st.tuples(st.just("advance"), st.sampled_from([0, 1, 5, 15, 60, 301, 700, 4000])),
    st.tuples(st.just("alarm"), st.sampled_from(STATES)),
    st.tuples(st.just("blip"), maybe),
    st.tuples(st.just("route"), st.sampled_from(ALIASES)),
    st.tuples(st.just("edit"), st.sampled_from([{"version": version} for version in (1, 2, 3)])),
    st.tuples(st.just("edit"), st.sampled_from([{"strategy": strategy} for strategy in STRATEGIES])),
    st.tuples(st.just("edit"), st.sampled_from([{"paused": paused} for paused in (True, False)])),
    st.tuples(st.just("edit"), st.sampled_from([{"retryToken": token} for token in ("a", "b")])),
    st.tuples(st.just("edit"), st.sampled_from([{"bakeTime": bake} for bake in ("0s", "5m", "never")])),
    st.tuples(st.just("say"), st.sampled_from(["promote", "promote-full", "pause", "resume", "abort", "retry"])),
    st.tuples(st.just("restart"), maybe),
    st.tuples(st.just("down"), st.sampled_from([1, 60, 7200])),
    st.tuples(st.just("trouble"), st.tuples(st.sampled_from(["alias", "version", "alarms", "write"]), troubles)),
    st.tuples(st.just("heal"), maybe),
    st.tuples(st.just("stale"), st.sampled_from([None, Routing.whole(1), Routing.split(1, 2, 25)])),
    st.tuples(st.just("lose"), st.booleans()),
)
worlds = st.fixed_dictionaries(
    {
        "alias": st.sampled_from(ALIASES),
        "strategy": st.sampled_from(STRATEGIES),
        "driftPolicy": st.sampled_from(["Hold", "Reassert", "Adopt"]),
        "rollbackWindow": st.sampled_from([None, {"revisions": 2}]),
        "stableVersion": st.sampled_from([None, 1, 2, 7]),
        "progressDeadline": st.sampled_from(["1m", "1h"]),
        "alarms": st.sampled_from(
            [
                None,
                {"names": ["A"]},
                {"names": ["A"], "onFiringAtStart": "IgnoreUntilOk", "onInsufficientData": "Hold"},
                {"names": ["A"], "onTransient": "Ignore", "onMissing": "Ignore", "onUnreadable": "Rollback"},
            ]
        ),
    }
)


def perform(world, name, value):
    match name:
        case "advance":
            world.advance(value)
        case "alarm":
            world.alarm("A", value)
            world.poll()
        case "blip":
            world.alarm("A", api.AlarmState.OK)
            world.blip()
            world.poll()
        case "route":
            world.route(value)
        case "edit":
            world.edit(**value)
        case "say":
            world.say(value)
        case "restart":
            world.restart()
        case "down":
            world.operator_down(value)
        case "trouble":
            world.troubles[value[0]] = value[1]
        case "stale":
            world.stale_alias = value
        case "lose":
            world.loses_answers = value
        case _:
            heal(world)
            world.settle()


def heal(world):
    world.troubles.clear()
    world.loses_answers, world.stale_alias = False, None
    world.seen = replace(world.seen, write_failure=None)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=True,
)
@given(worlds, st.lists(acts, min_size=1, max_size=12))
def test_any_life_keeps_the_rules_and_ends_with_nothing_left_split(given_spec, life):
    """The rules are held by the world at each decision. In the end, all is well and nobody does anything any more."""
    world = World(**given_spec)
    world.settle()
    for name, value in life:
        perform(world, name, value)
    heal(world)
    world.alarm("A", api.AlarmState.OK)
    world.edit(paused=False, bakeTime="1m")
    world.say("resume")
    for _ in range(4):
        world.advance(4000)
        world.poll()
        world.say("promote")
    assert_at_peace(world)


def assert_at_peace(world):
    status = world.status
    is_over = status.phase in (Phase.SUCCEEDED, Phase.ROLLED_BACK, Phase.FAILED)
    assert is_over or condition(status, STALLED) is not None or status.phase is Phase.PAUSED, status
    is_ours = world.alias is not None and world.alias in world.writes
    if is_over and is_ours:
        assert world.alias.sole is not None, "a split of our own is left behind"
    if status.phase is Phase.SUCCEEDED and condition(status, STALLED) is None and status.message:
        assert world.alias is not None
        assert world.alias.sole in (status.target_version, status.stable_version)
