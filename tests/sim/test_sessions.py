"""Sessions of roles in the simulator: as the adapter keeps them, and what becomes of a rollout without one."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_rollouts.acting import acting_for
from sfn_rollouts.api.status import Phase
from sfn_rollouts.aws import roles, sessions
from sfn_rollouts.aws.credentials import RoleError
from sfn_rollouts.core.values.identity import Caller, Identity
from sfn_rollouts.errors import Denied, PortError
from sfn_rollouts.sim import sessions as model
from sfn_rollouts.sim.history import History, Session, SessionOpened
from sfn_rollouts.sim.scenario import (
    AlarmChange,
    Event,
    Fault,
    FaultKind,
    Quirks,
    RoleTrouble,
    RoleTroubleKind,
    Scenario,
    from_json,
)
from sfn_rollouts.sim.search.chance import scenario_of
from sfn_rollouts.sim.search.runs import play
from sfn_rollouts.sim.sessions import ASSUME_ROLE, Sessions, TokenService
from sfn_rollouts.sim.timeline import Timeline, us
from sfn_rollouts.sim.world import Run
from tests.engine.fake_clock import FakeClock
from tests.sim.mutants import GRANTED, ROLE, spec

WHO = Caller(Identity(ROLE), "default.rollout")
UNTRUSTED, DELETED = RoleTroubleKind
HOUR_S = 3600.0


class Together:
    """The adapter and the model beside each other: time passes for both, and STS answers both alike."""

    def __init__(self, session_s: float, seed: int) -> None:
        self.clock, self.timeline = FakeClock(), Timeline()
        self.is_refused = False
        self.asked: list[str] = []
        self.adapter = sessions.RoleSessions(self._assume, self.clock, Random(seed))
        self.opened = 0
        self.service = TokenService(self.timeline, History(), Quirks(session_s=session_s), ())
        process: Any = None  # nobody waits for anybody here
        network: Any = self
        self.model = Sessions(process, network, self.service, self.timeline, self.clock, Random(seed))
        self._session_s = session_s

    def _assume(self, _: Caller) -> roles.Grant:
        self.asked.append("adapter")
        if self.is_refused:
            raise RoleError(PermissionError(), WHO.identity)
        return roles.Grant(ReadOnlyCredentials(str(self.clock.monotonic()), "secret", "token"), self._session_s)

    def call(self, *_: object) -> Session:
        """`Network.call`, at once."""
        self.asked.append("model")
        if self.is_refused:
            raise Denied("AssumeRole was denied")
        return Session(WHO, us(self.clock.monotonic()), us(self.clock.monotonic() + self._session_s))

    def of_adapter(self) -> str | None:
        try:
            return str(self.adapter.keys(WHO).access_key)
        except RoleError:
            return None

    def of_model(self) -> str | None:
        try:
            return str(self.model.of(WHO).opened_us / 1e6)
        except PortError:
            return None


STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from((1, 30, 61, 119, 300, 779, 1500, 4000))),
    st.tuples(st.sampled_from(("refuse", "allow", "call", "forget")), st.just(0)),
)


@given(
    steps=st.lists(STEPS, max_size=40),
    session_s=st.sampled_from((100.0, 900.0, HOUR_S)),
    seed=st.integers(0, 9),
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_it_keeps_renews_and_gives_up_sessions_as_the_adapter_does(
    steps: list[tuple[str, int]], session_s: float, seed: int
) -> None:
    both = Together(session_s, seed)
    for what, seconds in steps:
        if what == "wait":
            both.clock.advance(seconds)
        elif what == "forget":
            both.adapter.forget(WHO)
            both.model.forget(WHO)
        elif what != "call":
            both.is_refused = what == "refuse"
        assert both.of_adapter() == both.of_model()
        assert both.asked.count("adapter") == both.asked.count("model")


def test_its_times_are_those_of_the_adapter() -> None:
    assert model.DURATION_S == roles.DURATION_S
    for name in ("EARLY_S", "SPREAD_S", "LATEST_S", "AGAIN_S", "ABANDONED_S"):
        assert getattr(model, name) == getattr(sessions, name)


# -- worlds --

LONG: Mapping[str, Any] = {"strategy": {"canary": {"weight": 20, "interval": "50m"}}, "progressDeadline": "10m"}


def played(*events: Event, quirks: Quirks = Quirks(session_s=900.0), **fields: Any) -> Run:  # noqa: B008 - frozen
    run, _ = play(Scenario(spec={**spec(), **LONG, **fields}, events=events, quirks=quirks, accesses=GRANTED))
    assert run.broken is None, run.broken
    return run


def opened(run: Run) -> list[SessionOpened]:
    return [each for each in run.history.opened if each.session.caller.session_name == "sfn-rollouts"]


def phase(run: Run) -> Phase | None:
    return run.history.status.phase if run.history.status is not None else None


def message(run: Run) -> str:
    assert run.history.status is not None
    return next(each.message for each in run.history.status.conditions if each.type == "Ready")


def back_s(run: Run) -> float:
    """When the alias was back on version 1, in seconds."""
    return next(each.at_us / 1e6 for each in run.history.alias[1:] if str(each.after) == "100 % on version 1")


def test_sessions_are_opened_at_the_first_use_and_renewed_ahead_of_their_end() -> None:
    run = played()
    assert phase(run) is Phase.SUCCEEDED
    sessions = opened(run)
    assert len(sessions) > 4
    for before, after in pairwise(sessions):
        assert 440 < (after.at_us - before.at_us) / 1e6 < 470
    assert all(each.what == "" for each in run.history.refused)


def test_those_who_need_one_at_once_wait_for_the_same_request() -> None:
    """An alias and a version are read at the same moment."""
    run = played()
    callers = [each.session.caller for each in run.history.opened if each.at_us < us(60.0)]
    assert len(callers) == len(set(callers)) == 2
    assert run.history.calls[ASSUME_ROLE] == len(run.history.opened)


def test_a_session_goes_on_until_it_ends_though_its_role_trusts_nobody_any_more() -> None:
    """An alarm that fires meanwhile takes the alias back at once."""
    trouble = RoleTrouble(60.0, None, ROLE, UNTRUSTED)
    run = played(trouble, AlarmChange(500.0, "failures", "ALARM"))
    assert phase(run) is Phase.ROLLED_BACK
    assert back_s(run) < 515.0


def test_where_sessions_end_before_the_role_can_be_assumed_again_it_goes_back_as_soon_as_it_can() -> None:
    trouble = RoleTrouble(60.0, 1500.0, ROLE, UNTRUSTED)
    run = played(trouble, AlarmChange(1000.0, "failures", "ALARM"))
    assert phase(run) is Phase.ROLLED_BACK
    assert 1500.0 < back_s(run) < 1530.0
    assert "AssumeRole" in {each.what.partition(".")[2] for each in run.history.refused}


def test_sessions_of_a_role_that_is_gone_hold_no_more_nor_when_it_is_there_again() -> None:
    trouble = RoleTrouble(60.0, 200.0, ROLE, DELETED)
    run = played(trouble)
    assert phase(run) is Phase.SUCCEEDED
    assert "a session of a role that is gone" in {each.what for each in run.history.refused}
    assert all(not 60.0 <= each.at_us / 1e6 < 200.0 for each in run.history.opened)


def test_a_role_that_is_gone_for_good_leaves_a_split_alias_and_says_so() -> None:
    run = played(RoleTrouble(60.0, None, ROLE, DELETED))
    assert phase(run) is Phase.FAILED
    assert str(run.alias) == "80 % on version 1, 20 % on version 2"
    assert ROLE in message(run)


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE, FaultKind.TIMEOUT_BEFORE, FaultKind.RESET_AFTER])
def test_what_befalls_a_renewal_hurts_nobody_while_there_is_time_left(kind: FaultKind) -> None:
    run = played(Fault(400.0, 700.0, ASSUME_ROLE, kind))
    assert phase(run) is Phase.SUCCEEDED
    assert run.faults.injected[kind] > 1
    served = [each for each in run.history.called if each.api == "cloudwatch.DescribeAlarms"]
    gaps_s = [(after.at_us - before.at_us) / 1e6 for before, after in pairwise(served)]
    assert max(gaps_s) < 20.0


def test_a_host_that_is_misled_about_the_time_opens_new_sessions_when_aws_says_that_they_have_ended() -> None:
    """STS's answers have no date of their own, and the clock is an hour behind: it takes 15 minutes for an hour."""
    quirks = Quirks(session_s=900.0, sts_is_dated=False, host_offset_s=-HOUR_S)
    run = played(quirks=quirks)
    assert phase(run) is Phase.SUCCEEDED
    assert "a session that has ended" in {each.what for each in run.history.refused}


def test_a_clock_that_is_ahead_costs_calls_and_nothing_else() -> None:
    """Each session seems to have ended when it begins."""
    quirks = Quirks(session_s=900.0, sts_is_dated=False, host_offset_s=HOUR_S)
    run = played(quirks=quirks, strategy={"canary": {"weight": 20, "interval": "5m"}})
    assert phase(run) is Phase.SUCCEEDED
    assert len(opened(run)) > 10


def test_nothing_is_called_for_nobody() -> None:
    class AtOnce:
        def call(self, _: object, __: str, effect: Callable[[float], str]) -> str:
            return effect(0.0)

    network: Any = AtOnce()
    process: Any = type("Process", (), {"number": 1})
    nobody: Any = None
    signed = model.Signed(network, nobody, nobody, History(), Timeline())
    with pytest.raises(LookupError):
        signed.call(process, "stepfunctions.DescribeStateMachineAlias", lambda _: "answer")
    with acting_for(Caller()):
        assert signed.call(process, "stepfunctions.DescribeStateMachineAlias", lambda _: "answer") == "answer"


def test_a_world_with_troubled_roles_is_the_same_after_a_way_through_json() -> None:
    kinds = set()
    for seed in range(400):
        scenario = scenario_of(seed)
        troubles = [each for each in scenario.events if isinstance(each, RoleTrouble)]
        if troubles:
            assert from_json(scenario.to_json()).events == scenario.events
            kinds |= {each.what for each in troubles}
    assert kinds == set(RoleTroubleKind)
