"""The keeper by itself: when it looks, what it counts, and when a status is written again."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.core.announce import Announcement
from sfn_rollouts.core.values.identity import Identity
from sfn_rollouts.engine.access_keeper import SETTLES_S, AccessKeeper, Use
from sfn_rollouts.engine.accesses import AccessTable
from sfn_rollouts.engine.homes import Homes
from sfn_rollouts.errors import Transient
from sfn_rollouts.ports import Errand, Lane, Outside
from tests.engine.fake_clock import FakeClock
from tests.engine.fake_cloud import MACHINE, FakeCloud
from tests.engine.fake_random import Longest

ROLE = f"arn:aws:iam::{MACHINE.account}:role/sfn-rollouts"
USE = Use("team", Identity(ROLE))


class Jobs:
    """`ports.Workers`, whose jobs are done when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Errand, Callable[[], Any], Callable[[Any], None]]] = []
        self.errands: list[Errand] = []

    def submit(self, errand: Errand, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.errands.append(errand)
        self.waiting.append((errand, work, done))

    def run_due(self) -> float | None:
        return None

    def do(self) -> None:
        """All that wait now."""
        waiting, self.waiting = self.waiting, []
        for _, work, done in waiting:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - as the real ones: the engine must hear of it
                result = error
            done(result)


class Scene:
    """One AWSAccess, that has no status yet; what is written is stored, but for what an older CRD does not know."""

    def __init__(self) -> None:
        self.clock, self.jobs = FakeClock(), Jobs()
        self.version = 0
        self.written: list[tuple[str, Mapping[str, Any]]] = []
        self.announced: list[tuple[str, str, str]] = []
        self.fails: list[Exception] = []
        self.prunes = False
        self.uses = [USE]
        self.table = AccessTable()
        cloud = FakeCloud(self.clock, lambda _: None)
        homes = Homes(self.clock, self.jobs, cloud, Longest(), lambda _: self.keeper.refresh())
        outside = cast("Outside", SimpleNamespace(accesses=self, announcer=self))
        self.keeper = AccessKeeper(
            self.clock, self.jobs, outside, Longest(), self.table, homes, lambda: list(self.uses)
        )
        self.table.see(self._raw({}))
        self.keeper.refresh()

    def _raw(self, status: Mapping[str, Any]) -> dict[str, Any]:
        self.version += 1
        metadata = {"name": "team", "uid": "uid-team", "resourceVersion": str(self.version), "generation": 1}
        fields = {"roleArn": ROLE, "namespaces": {"names": ["shop"]}, "stateMachines": [str(MACHINE)]}
        return {"metadata": metadata, "spec": fields, "status": status}

    def report_access(self, name: str, uid: str, resource_version: str, status: Mapping[str, Any]) -> dict[str, Any]:
        if self.fails:
            raise self.fails.pop(0)
        self.written.append((uid, status))
        return self._raw({} if self.prunes else status)

    def announce_access(self, name: str, uid: str, announcements: Sequence[Announcement]) -> None:
        self.announced += [(name, uid, str(each.reason)) for each in announcements]

    def settle(self) -> None:
        """Do all that follows, without pauses that are longer than what settles takes."""
        for _ in range(3):
            self.clock.advance(SETTLES_S)
            self.keeper.run_due()
            self.jobs.do()

    def pause_s(self) -> float:
        """How long the next look is away."""
        assert self.keeper.next_due is not None
        return self.keeper.next_due - self.clock.monotonic()

    def wait(self) -> float:
        """Until the next look, which is made; return how long."""
        paused_s = self.pause_s()
        self.clock.advance(paused_s)
        self.keeper.run_due()
        self.jobs.do()
        return paused_s


def verified() -> Scene:
    scene = Scene()
    scene.settle()
    assert scene.written[-1][1]["account"] == MACHINE.account
    scene.written.clear()
    return scene


def test_it_looks_when_changes_have_settled_and_not_before() -> None:
    scene = Scene()
    assert scene.pause_s() == SETTLES_S
    scene.clock.advance(SETTLES_S - 0.001)
    scene.keeper.run_due()
    assert scene.jobs.errands == []
    scene.clock.advance(0.001)
    scene.keeper.run_due()
    assert [errand.calls for errand in scene.jobs.errands] == ["account", "access"]
    assert scene.jobs.errands[-1] == Errand(Lane.REPORT, None, "access")


def test_without_an_access_there_is_nothing_to_look_at() -> None:
    scene = Scene()
    scene.settle()
    scene.table.gone("uid-team")
    scene.clock.advance(scene.pause_s())
    scene.keeper.run_due()
    scene.keeper.refresh()
    assert scene.keeper.next_due is None


def test_each_rollout_that_uses_it_is_counted() -> None:
    scene = verified()
    scene.uses = [USE, USE, Use("team", Identity(ROLE, "", (("key", "value"),))), Use("another", Identity(ROLE))]
    scene.keeper.refresh()
    scene.settle()
    assert [status["rollouts"] for _, status in scene.written] == [3]


def test_what_is_new_is_announced_for_the_resource_that_it_is_about() -> None:
    scene = Scene()
    scene.settle()
    assert scene.announced == [("team", "uid-team", "AccessVerified")]


def test_while_a_status_is_being_written_it_is_not_written_again() -> None:
    scene = verified()
    scene.uses = []
    scene.keeper.refresh()
    for uses in ([USE, USE], [USE, USE, USE]):
        scene.clock.advance(SETTLES_S)
        scene.keeper.run_due()
        scene.uses = uses
        scene.keeper.refresh()
    assert [errand.calls for errand in scene.jobs.errands].count("access") == len(scene.jobs.waiting) + 2
    assert len(scene.jobs.waiting) == 1
    scene.settle()
    assert [status["rollouts"] for _, status in scene.written] == [0, 3]


def test_after_a_failure_the_next_try_waits_ever_longer() -> None:
    scene = verified()
    scene.fails = [Transient("no answer")] * 9
    scene.uses = []
    scene.keeper.refresh()
    assert scene.wait() == SETTLES_S
    pauses = []
    while scene.fails:
        tries = len(scene.jobs.errands)
        began = scene.clock.monotonic()
        while len(scene.jobs.errands) == tries:
            scene.wait()
        pauses.append(scene.clock.monotonic() - began)
    assert pauses == pytest.approx([2.0, 2.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]), "no sooner than changes settle"


def test_why_it_could_not_be_written_is_logged() -> None:
    scene = verified()
    scene.fails = [Transient("no answer")]
    scene.uses = []
    scene.keeper.refresh()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        scene.wait()
    assert [(line["log_level"], line["error"]) for line in logged] == [("warning", "no answer")]


def test_what_is_not_stored_as_it_was_written_is_sent_again_ever_more_slowly() -> None:
    scene = verified()
    scene.prunes = True
    scene.uses = []
    scene.keeper.refresh()
    times = list[float]()
    while len(times) < 9:
        sent = len(scene.written)
        scene.wait()
        if len(scene.written) > sent:
            times.append(scene.clock.monotonic())
    pauses = [later - earlier - SETTLES_S for earlier, later in pairwise(times)]
    assert pauses == pytest.approx([5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0])
