"""Reporting: when the next report may be made, what is in it, and what comes of each answer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from sfn_rollouts.core.announce import MESSAGE_LIMIT, Announcement
from sfn_rollouts.core.values.decision import Decision, Write, WriteKind
from sfn_rollouts.core.values.readings import Trouble, WriteFailure
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.engine.facts import FailedWrite
from sfn_rollouts.engine.lanes import Lanes
from sfn_rollouts.engine.permit import Permit
from sfn_rollouts.engine.record import Record, Writing
from sfn_rollouts.engine.reporting import DENIED_S, PACE, UNSTORED, Reporting
from sfn_rollouts.engine.resource import Resource
from sfn_rollouts.errors import Denied, PortError, Rejected, Transient
from sfn_rollouts.ports import Errand, Key, Lane, Report, ResourceStore
from tests.engine.fake_random import Longest
from tests.engine.fake_workers import NotedErrands
from tests.engine.faults import FOR_EVER
from tests.engine.world import World, spec

NEWS = Announcement(Reason.STEP_STARTED, "10 % on version 2")
RESTORE = Write(WriteKind.RESTORE, Routing.whole(1))
REFUSED = Rejected("a webhook denied the request")
UNKNOWN = "the API server does not store the status as written (fields: message)"


class NotedReports:
    """`ports.ResourceStore` over another one; remembers each report."""

    def __init__(self, store: ResourceStore) -> None:
        self.list, self.get = store.list, store.get
        self.reports: list[Report] = []
        self._store = store

    def report(self, report: Report) -> Mapping[str, Any] | None:
        self.reports.append(report)
        return self._store.report(report)


class Scene:
    """A new rollout of which nothing has been reported.

    `schema_problem`: what is wrong with the CRD, or why that cannot be known.
    """

    def __init__(self) -> None:
        self.world = world = World()
        world.api.apply("orders", spec())
        self.record = Record(Resource.parse(world.api.list()[0]), Longest())
        self.workers = NotedErrands(Lanes(world.clock, world.workers, world.meter))
        self.store = NotedReports(world.api)
        self.schema_problem: str | Exception | None = None
        self.gone: list[str] = []
        self.woken: list[str] = []
        self.reporting = Reporting(
            world.clock,
            self.workers,
            replace(world.outside(), store=self.store, schema_problem=self._schema_problem),
            self._stored,
            self.woken.append,
        )

    def _schema_problem(self) -> str | None:
        if isinstance(self.schema_problem, Exception):
            raise self.schema_problem
        return self.schema_problem

    def _stored(self, record: Record, raw: Mapping[str, Any] | None) -> None:
        if raw is None:
            self.gone.append(record.uid)
        else:
            record.take(Resource.parse(raw))

    def report(self, message: str | None, *, holds_finalizer: bool = False) -> float | None:
        """Ask for a report of a status; None where it has been made, else when to ask again."""
        self.record.working = self.record.working.with_(message=message)
        decision = Decision(self.record.working, holds_finalizer=holds_finalizer)
        next_at = self.reporting.start(self.record, decision)
        assert (next_at is None) is self.record.is_reporting
        self.world.workers.run_one()
        return next_at

    def work(self) -> None:
        """End all jobs."""
        while self.world.workers.run_one():
            pass

    def pause_s(self, message: str | None) -> float:
        """How long from now on to wait before this status is reported."""
        next_at = self.report(message)
        assert next_at is not None
        return next_at - self.world.clock.monotonic()

    @property
    def events(self) -> list[str]:
        return [news.message for news in self.record.pending_announcements]

    @property
    def status(self) -> dict[str, Any]:
        raw = self.world.api.resource("orders")
        assert raw is not None
        return dict(raw["status"])


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_after_one_that_failed_a_report_is_made_as_soon_as_its_time_has_come(scene: Scene) -> None:
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("one") is None
    next_at = scene.report("one")
    assert next_at is not None
    assert 0.25 <= next_at - scene.world.clock.monotonic() <= 0.5
    scene.record.pace(PACE).next_at = scene.world.clock.monotonic()
    assert scene.report("one") is None
    assert scene.world.api.calls.count("report") == 2


def test_a_report_that_fails_after_a_success_is_tried_again_soon(scene: Scene) -> None:
    for _ in range(8):
        scene.world.api.faults.add("report", Transient("503"))
        assert scene.report("one") is None
        scene.world.clock.advance(10)
    assert scene.report("one") is None
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("two") is None
    next_at = scene.report("two")
    assert next_at is not None
    assert next_at - scene.world.clock.monotonic() <= 0.5


def test_one_that_was_stored_after_another_had_failed_is_no_reason_to_wait(scene: Scene) -> None:
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("one") is None
    scene.world.clock.advance(1)
    assert scene.report("two") is None
    assert scene.report("three") is None
    assert scene.status["message"] == "three"


def test_a_finalizer_that_was_stored_is_no_reason_to_wait_either(scene: Scene) -> None:
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("one") is None
    scene.world.clock.advance(1)
    assert scene.report(scene.record.stored.message, holds_finalizer=True) is None
    assert scene.record.resource.has_finalizer
    assert scene.world.meter.status_writes == ["Transient"]
    assert scene.record.altered is None
    assert scene.report("two", holds_finalizer=True) is None


# -- what is in a report --


def test_a_report_says_what_is_new_of_status_and_finalizer_and_no_more(scene: Scene) -> None:
    uid, versions = scene.record.uid, [scene.record.resource.resource_version]
    for message in ("one", "one", "two"):
        scene.report(message, holds_finalizer=message != "one" or len(versions) > 1)
        versions.append(scene.record.resource.resource_version)
    key, statuses = Key("shop", "orders"), [report.status for report in scene.store.reports]
    assert [status and status["message"] for status in statuses] == ["one", None, "two"]
    assert scene.store.reports == [
        Report(key, uid, versions[0], statuses[0], finalizer=None),
        Report(key, uid, versions[1], None, finalizer=True),
        Report(key, uid, versions[2], statuses[2], finalizer=None),
    ]


def test_a_report_and_what_is_asked_about_the_crd_are_jobs_of_their_own_kind(scene: Scene) -> None:
    scene.world.api.unknown_fields = {"message"}
    scene.report("one")
    assert scene.workers.errands == [Errand(Lane.REPORT, None, "report"), Errand(Lane.REPORT, None, "crd")]


def _ask(scene: Scene, write: Write | None = None) -> None:
    """Ask for a report of what has been decided already."""
    assert scene.reporting.start(scene.record, Decision(scene.record.working, write)) is None


def test_a_status_that_is_stored_counts_as_one(scene: Scene) -> None:
    scene.report("one")
    assert scene.world.meter.status_writes == ["OK"]


def test_one_that_is_let_go_is_reported_without_last_words(scene: Scene) -> None:
    scene.report("one", holds_finalizer=True)
    scene.world.api.delete("orders")
    scene.record.take(Resource.parse(scene.world.api.list()[0]))
    scene.report("two", holds_finalizer=True)
    scene.report("three")
    said = [(report.status is not None, report.finalizer) for report in scene.store.reports]
    assert said == [(True, True), (True, None), (False, False)]


def test_what_is_wrong_with_the_crd_is_said_as_far_as_an_event_has_room(scene: Scene) -> None:
    scene.schema_problem = "the CRD is older " * 200
    scene.world.api.faults.add("report", REFUSED)
    scene.report("one")
    scene.work()
    [event] = scene.events
    assert len(event) == MESSAGE_LIMIT


def test_where_nothing_is_new_nothing_is_reported(scene: Scene) -> None:
    _ask(scene)
    assert scene.workers.errands == []


def test_news_alone_are_reason_enough(scene: Scene) -> None:
    scene.record.queue((NEWS,))
    _ask(scene)
    scene.work()
    assert scene.world.announced.words == [NEWS]


@pytest.mark.parametrize(("has_failed", "is_reported"), [(False, False), (True, True)])
def test_a_report_waits_for_a_restore_under_way_unless_that_has_failed(
    scene: Scene, has_failed: bool, is_reported: bool
) -> None:
    scene.record.queue((NEWS,))
    scene.record.writing = Writing(RESTORE, Permit(scene.world.clock), 0.0)
    if has_failed:
        failure = WriteFailure("reset", Trouble.TRANSIENT, scene.world.clock.now())
        scene.record.facts.failed = FailedWrite(WriteKind.RESTORE, failure)
    _ask(scene, RESTORE)
    assert scene.record.is_reporting is is_reported


# -- a conflict --


def _conflict(scene: Scene, message: str, other: str = "somebody else's") -> None:
    """Report a status while somebody else writes another one."""
    scene.world.api.write_status("orders", message=other)
    assert scene.report(message) is None


def test_after_a_conflict_the_resource_as_it_is_now_is_taken_and_the_news_are_kept(scene: Scene) -> None:
    scene.record.queue((NEWS,))
    _conflict(scene, "one")
    assert scene.record.stored.message == "somebody else's"
    assert scene.record.working.message == "somebody else's"
    assert scene.record.pending_announcements == [NEWS]
    assert scene.world.announced.words == []
    assert scene.world.meter.status_writes == ["Conflict"]
    assert scene.woken == [scene.record.uid]


def test_after_one_conflict_the_next_report_is_made_almost_at_once_and_after_many_within_seconds(scene: Scene) -> None:
    pauses_s = []
    for number in range(8):
        _conflict(scene, "mine", f"somebody else's {number}")
        pauses_s.append(scene.pause_s("mine again"))
        scene.world.clock.advance(10)
    assert pauses_s == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])


def test_a_conflict_over_the_finalizer_alone_is_no_failed_write_of_a_status(scene: Scene) -> None:
    scene.world.api.write_status("orders", message="somebody else's")
    assert scene.report(None, holds_finalizer=True) is None
    assert scene.world.meter.status_writes == []


def test_a_conflict_with_the_end_of_the_resource_says_that_it_is_gone(scene: Scene) -> None:
    scene.world.api.delete("orders")
    assert scene.report("one") is None
    assert scene.gone == [scene.record.uid]


# -- no answer, or a bad one --


def test_news_that_a_report_could_not_bring_stand_before_newer_ones(scene: Scene) -> None:
    later = replace(NEWS, message="all on version 2")
    scene.record.queue((NEWS,))
    scene.world.workers.held = {Lane.REPORT}
    scene.world.api.faults.add("report", Transient("503"))
    assert scene.report("one") is None
    scene.record.queue((later,))
    scene.world.workers.held = set()
    scene.work()
    assert scene.record.pending_announcements == [NEWS, later]


PAUSES_S = {
    Transient("503"): [0.5, 1, 2, 4, 8, 10, 10],
    Denied("no roles read yet"): [0.5, 1, 2, 4, 8, 10, 10],
    PortError("garbage"): [5, 10, 20, 40, 80, 160, 300, 300],
    REFUSED: [5, 10, 20, 40, 60, 60],
}


@pytest.mark.parametrize("error", PAUSES_S, ids=lambda error: type(error).__name__)
def test_how_long_a_report_waits_goes_by_what_the_answer_was(scene: Scene, error: Exception) -> None:
    pauses_s = []
    for _ in PAUSES_S[error]:
        scene.world.api.faults.add("report", error)
        assert scene.report("one") is None
        scene.work()
        scene.record.pending_announcements.clear()
        pauses_s.append(scene.pause_s("one"))
        scene.record.denied_since = None  # as if the API server had answered otherwise in between
        scene.world.clock.advance(400)
    assert pauses_s == pytest.approx(PAUSES_S[error])


def test_what_is_refused_because_a_right_is_missing_counts_as_that(scene: Scene) -> None:
    scene.record.denied_since = scene.world.clock.monotonic() - DENIED_S
    scene.world.api.faults.add("report", Denied("no"))
    assert scene.report("one") is None
    assert scene.record.refused is not None
    assert scene.world.meter.status_writes == ["Denied"]


@pytest.mark.parametrize(("seconds", "is_for_long"), [(DENIED_S - 0.001, False), (DENIED_S, True)])
def test_a_right_that_is_missing_for_half_a_minute_is_no_api_server_that_has_just_started(
    scene: Scene, seconds: float, is_for_long: bool
) -> None:
    scene.world.api.faults.add("report", Denied("no"), FOR_EVER)
    assert scene.report("one") is None
    scene.world.clock.advance(seconds)
    assert scene.report("one") is None
    assert (scene.record.refused is not None) is is_for_long


def test_a_denial_after_another_failure_counts_from_itself_on(scene: Scene) -> None:
    for error in (Denied("no"), Transient("503"), Denied("no")):
        scene.world.api.faults.add("report", error)
        assert scene.report("one") is None
        scene.world.clock.advance(DENIED_S)
    assert scene.record.refused is None
    assert scene.record.denied_since == scene.world.clock.monotonic() - DENIED_S


# -- refused for good --


def test_a_finalizer_that_was_refused_and_is_stored_then_ends_the_refusal(scene: Scene) -> None:
    scene.world.api.faults.add("report", REFUSED)
    assert scene.report(None, holds_finalizer=True) is None
    scene.work()
    assert scene.record.refused == scene.record.stored
    scene.world.clock.advance(100)
    assert scene.report(None, holds_finalizer=True) is None
    assert scene.record.refused is None


def test_a_finalizer_that_is_stored_does_not_end_the_refusal_of_a_status(scene: Scene) -> None:
    scene.world.api.faults.add("report", REFUSED)
    assert scene.report("one") is None
    scene.work()
    scene.record.pending_announcements.clear()
    refused = scene.record.refused
    assert scene.report(None, holds_finalizer=True) is None
    assert scene.record.resource.has_finalizer
    assert scene.record.refused is refused is not None


def test_what_is_refused_for_good_is_said_once_as_a_warning_with_what_allows_it(scene: Scene) -> None:
    scene.world.api.faults.add("report", REFUSED, FOR_EVER)
    for _ in range(3):
        scene.report("one")
        scene.work()
        scene.report("one")
        scene.world.clock.advance(100)
    assert scene.world.announced.words == [
        Announcement(
            Reason.STATUS_NOT_STORED,
            "the API server refuses the operator's write: a webhook denied the request: let the operator write it, by "
            "the policy, the webhook or the rule that the answer names",
            is_warning=True,
        )
    ]
    assert set(scene.world.meter.status_writes) == {"NotStored"}


def test_while_a_status_is_refused_news_are_announced_without_it(scene: Scene) -> None:
    scene.world.api.faults.add("report", REFUSED, FOR_EVER)
    scene.report("one")
    scene.work()
    scene.record.queue((NEWS,))
    assert scene.report("one") is None
    assert NEWS in scene.world.announced.words
    assert set(scene.world.announced.events) == {("shop/orders", "StepStarted"), ("shop/orders", "StatusNotStored")}
    assert scene.world.announced.uids == {scene.record.uid}
    assert len(scene.store.reports) == 1
    assert scene.world.meter.status_writes == ["NotStored"], "an Event alone is no write of a status"


def test_a_refused_status_whose_time_has_come_is_sent_with_the_news(scene: Scene) -> None:
    scene.world.api.faults.add("report", REFUSED)
    scene.report("one")
    scene.work()
    scene.record.queue((NEWS,))
    scene.record.pace(UNSTORED).next_at = scene.world.clock.monotonic()
    assert scene.report("one") is None
    assert len(scene.store.reports) == 2


# -- stored as something else --


@pytest.mark.parametrize(
    ("problem", "remedy"),
    [
        (None, "the CRD is as it should be, so look for an admission policy or a webhook that changes it"),
        ("the CRD is an older one: apply it", "the CRD is an older one: apply it"),
        (Denied("get customresourcedefinitions: no"), "get customresourcedefinitions: no"),
        (ValueError("a defect"), "internal error: ValueError: a defect"),
    ],
    ids=["a policy", "an older CRD", "nobody may know", "nobody knows"],
)
def test_a_status_that_is_stored_without_a_field_is_said_with_what_is_wrong_with_the_crd(
    scene: Scene, problem: str | Exception | None, remedy: str
) -> None:
    scene.schema_problem = problem
    scene.world.api.unknown_fields = {"message"}
    assert scene.report("one") is None
    assert scene.world.workers.run_one()
    expected = Announcement(Reason.STATUS_NOT_STORED, f"{UNKNOWN}: {remedy}", is_warning=True)
    assert scene.record.pending_announcements == [expected]
    assert scene.world.meter.status_writes == ["NotStored"]
    assert scene.woken == [scene.record.uid] * 2, "after the report, and after the answer about the CRD"


def test_each_field_that_is_not_stored_as_written_is_named(scene: Scene) -> None:
    scene.world.api.unknown_fields = {"message", "step"}
    scene.record.working = scene.record.working.with_(step="1/3")
    assert scene.report("one") is None
    assert scene.world.workers.run_one()
    assert "(fields: message, step)" in scene.events[0]


def test_what_has_been_decided_stays_true_where_less_of_it_was_stored(scene: Scene) -> None:
    scene.world.api.unknown_fields = {"message"}
    assert scene.report("one") is None
    assert scene.record.stored.message is None
    assert scene.record.working.message == "one"
    assert scene.record.altered == scene.record.working
    assert scene.record.refused is None


def test_what_is_stored_as_something_else_is_sent_again_slowly_and_said_once(scene: Scene) -> None:
    scene.world.api.unknown_fields = {"message"}
    pauses_s = []
    for _ in range(8):
        assert scene.report("one") is None
        scene.work()
        scene.record.pending_announcements = scene.record.pending_announcements[:1]
        pauses_s.append(scene.pause_s("one"))
        scene.world.clock.advance(400)
    assert pauses_s == pytest.approx([5, 10, 20, 40, 80, 160, 300, 300])
    assert scene.workers.errands.count(Errand(Lane.REPORT, None, "crd")) == 1


def test_what_is_stored_as_something_else_after_a_long_refusal_is_sent_again_soon(scene: Scene) -> None:
    for _ in range(6):
        scene.world.api.faults.add("report", REFUSED)
        scene.report("one")
        scene.work()
        scene.record.pending_announcements.clear()
        scene.world.clock.advance(100)
    scene.world.api.unknown_fields = {"message"}
    assert scene.report("one") is None
    scene.record.pending_announcements.clear()
    assert scene.pause_s("one") == pytest.approx(5)


def test_once_a_status_is_stored_as_written_the_next_trouble_is_news_again(scene: Scene) -> None:
    for number in range(2):
        scene.world.api.unknown_fields = {"message"}
        assert scene.report(f"lost {number}") is None
        scene.work()
        scene.world.api.unknown_fields = set()
        assert scene.report(f"kept {number}") is None
        assert scene.record.altered is None
    assert scene.workers.errands.count(Errand(Lane.REPORT, None, "crd")) == 2


def test_once_a_status_is_stored_as_written_the_next_refusal_is_tried_again_soon(scene: Scene) -> None:
    for _ in range(4):
        scene.world.api.faults.add("report", REFUSED)
        scene.report("one")
        scene.work()
        scene.record.pending_announcements.clear()
        scene.world.clock.advance(100)
    assert scene.report("one") is None
    assert scene.record.refused is None
    scene.world.api.faults.add("report", REFUSED)
    scene.report("two")
    scene.work()
    scene.record.pending_announcements.clear()
    assert scene.pause_s("two") == pytest.approx(5)


def test_the_log_names_the_reason_under_which_it_was_announced(scene: Scene) -> None:
    scene.world.api.faults.add("report", REFUSED)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))  # undone by conftest.py
    with capture_logs() as logged:
        scene.report("one")
        scene.work()
    assert [(line["log_level"], line["reason"]) for line in logged if "let the operator" in line["event"]] == [
        ("warning", "StatusNotStored")
    ]
