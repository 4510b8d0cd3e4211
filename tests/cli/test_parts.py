"""Parts are started, watched over and stopped by one list; a further one is a row of it."""

import pytest

from sfn_rollouts.parts import Part, Parts


class Recorder:
    """Parts that note what is done to them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.dead: set[str] = set()
        self.ill: dict[str, list[str]] = {}

    def part(self, name: str, *, needs_list: bool = False) -> Part:
        return Part(
            name,
            start=lambda: self.calls.append(f"start {name}"),
            is_alive=lambda: name not in self.dead,
            problems=lambda: self.ill.get(name, []),
            stop=lambda: self.calls.append(f"stop {name}"),
            wait=lambda: self.calls.append(f"wait for {name}"),
            needs_list=needs_list,
        )

    def list_all(self) -> None:
        self.calls.append("list")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def parts(recorder: Recorder) -> Parts:
    return Parts(recorder.part("watch"), recorder.part("election", needs_list=True), recorder.part("Events"))


def test_what_needs_the_list_begins_after_it(recorder: Recorder, parts: Parts) -> None:
    parts.start(recorder.list_all)
    assert recorder.calls == ["start watch", "start Events", "list", "start election"]


def test_all_are_stopped_in_order_before_any_is_waited_for(recorder: Recorder, parts: Parts) -> None:
    parts.stop()
    assert recorder.calls == [
        "stop watch", "stop election", "stop Events", "wait for watch", "wait for election", "wait for Events",
    ]  # fmt: skip


def test_a_part_that_has_not_begun_has_not_ended(recorder: Recorder, parts: Parts) -> None:
    """The first list may take as long as the API server: a restart by /livez would only begin it again."""
    recorder.dead = {"election"}
    seen: list[list[str]] = []
    parts.start(lambda: seen.append(parts.problems()))
    assert seen == [[]]
    assert parts.problems() == ["the thread of the election has ended"]


def test_problems_are_reported_before_threads_that_have_ended(recorder: Recorder, parts: Parts) -> None:
    parts.start(recorder.list_all)
    assert (parts.problems(), parts.ended()) == ([], [])
    recorder.ill = {"Events": ["nobody hears"]}
    recorder.dead = {"watch"}
    assert parts.problems() == ["nobody hears", "the thread of the watch has ended"]
    assert parts.ended() == ["watch"]


def test_a_part_that_says_nothing_is_well() -> None:
    parts = Parts(Part("quiet"))
    parts.start(lambda: None)
    parts.stop()
    assert parts.problems() == []
