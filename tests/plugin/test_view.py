"""The page of `get`: what people read, at two widths, in every situation."""

import io
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from sfn_rollouts.api.analysis import Analysis
from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.core.values.plan import compile_plan
from sfn_rollouts.core.values.reasons import Reason
from sfn_rollouts.explain.course import StepState, course_of
from sfn_rollouts.explain.next_up import next_up
from sfn_rollouts.explain.remedies import REMEDIES
from sfn_rollouts.explain.rollout import JUDGES_POLICIES, Rollout
from sfn_rollouts.explain.times import o_clock
from sfn_rollouts.plugin.verbs import VERBS
from sfn_rollouts.plugin.view.event_lines import event_lines, step_entries
from sfn_rollouts.plugin.view.marks import ASCII, UNICODE
from sfn_rollouts.plugin.view.output import Output
from sfn_rollouts.plugin.view.page import Canvas, page
from tests.core.specs import APPROVAL, CANARY, LINEAR
from tests.core.world import World
from tests.plugin.pages import WIDTHS, rendered, stored
from tests.plugin.scenes import SCENES, Scene, resource_of, scene, scene_of

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
STRATEGIES = {
    "canary": CANARY,
    "linear": LINEAR,
    "exponential": {"exponential": {"initialWeight": 3, "factor": 3, "interval": "2m"}},
    "all at once": {"allAtOnce": {}},
    "a preset": {"preset": "Linear10PercentEvery3Minutes"},
    "steps": {"steps": [{"pause": {"duration": "1m"}}, {"setWeight": 5}, {"pause": {"duration": "90s"}}]},
    "steps with an approval": APPROVAL,
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SCENES)
def test_the_page_reads_as_it_was_approved(name: str, width: int) -> None:
    """When words were changed on purpose: python -m tests.plugin.pages, then read the diff."""
    assert rendered(scene(name), width).rstrip("\n") == stored(width)[name]


# -- what it can be shown on --


@pytest.mark.parametrize("name", SCENES)
def test_nothing_is_wider_than_the_page_but_commands(name: str) -> None:
    """A command stays on one line, to be copied; in place nothing may stick out."""
    seen = scene(name)
    for width in (40, 80, 120):
        lines = rendered(seen, width).splitlines()
        too_wide = [line for line in lines if cell_len(line) > width and not line.startswith(("  $ ", "  # "))]
        assert not too_wide, (width, too_wide)
        assert all(cell_len(line) <= width for line in rendered(seen, width, height=40).splitlines())


@pytest.mark.parametrize("name", [name for name in SCENES if name != "hostile words"])
def test_ascii_says_the_same(name: str) -> None:
    """Each sign has a stand-in: nothing is lost as a question mark but what asks for it."""
    text = rendered(scene(name), 80, is_ascii=True)
    assert text.isascii()
    assert "?" not in text.replace("is an operator running?", "")


LOCALES = {
    "UTF-8": ({"LANG": "en_GB.UTF-8"}, "utf-8", True),
    "UTF-8 by LC_ALL": ({"LC_ALL": "C.UTF-8", "LANG": "C"}, "utf-8", True),
    "nothing set": ({}, "utf-8", True),
    "C by LC_ALL, where Python speaks UTF-8 all the same": ({"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, "utf-8", False),
    "POSIX by LANG, LC_CTYPE put there by Python": ({"LANG": "POSIX", "LC_CTYPE": "C.UTF-8"}, "utf-8", False),
    "Latin 1": ({"LANG": "de_DE.ISO-8859-1"}, "iso-8859-1", False),
    "ASCII": ({"LANG": "en_US"}, "ascii", False),
}


@pytest.mark.parametrize(("environment", "encoding", "is_unicode"), LOCALES.values(), ids=LOCALES.keys())
def test_signs_follow_the_locale(environment: dict[str, str], encoding: str, is_unicode: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert Output(stream, environment).marks is (UNICODE if is_unicode else ASCII)
    assert stream.encoding == (encoding if is_unicode else "ascii")


class Terminal(io.TextIOWrapper):
    """A stream that claims to be one."""

    def isatty(self) -> bool:
        return True


COLOURS = {
    "a terminal": ({"TERM": "xterm"}, Terminal, "\x1b[1;31m", True),
    "a terminal with NO_COLOR": ({"TERM": "xterm", "NO_COLOR": "1"}, Terminal, "\x1b[1m", False),
    "a pipe": ({"TERM": "xterm"}, io.TextIOWrapper, "", False),
}


@pytest.mark.parametrize(("environment", "kind", "code", "has_colour"), COLOURS.values(), ids=COLOURS.keys())
def test_colours_on_a_terminal_only(
    environment: dict[str, str], kind: type[io.TextIOWrapper], code: str, has_colour: bool
) -> None:
    buffer = io.BytesIO()
    output = Output(kind(buffer, encoding="utf8", write_through=True), environment)
    output.show(page(scene("rolled back by an alarm").view, Canvas(80)))
    text = buffer.getvalue().decode()
    assert code in text
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]", text)) is has_colour
    assert ("\x1b" in text) is bool(code)


def test_what_people_wrote_is_text_and_nothing_else() -> None:
    """No line breaks, no escape sequences, no letters that turn the direction, no markup."""
    text = rendered(scene("hostile words"), 80)
    assert "first second" in text
    assert "[bold]third[/bold]" in text
    assert not set(text) & set("\x1b\x07\u202e")


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1"}], ids=["plain", "coloured"])
def test_a_line_that_is_folded_begins_no_command_of_a_ci_service(environment: dict[str, str]) -> None:
    seen = scene("hostile words")
    for before in range(50, 80):  # at one of them the page breaks the line just there
        status = {**seen.resource["status"], "message": f"{'x' * before}::error::pwned {'y' * 70} ::error::pwned"}
        buffer = io.BytesIO()
        output = Output(io.TextIOWrapper(buffer, encoding="utf8", write_through=True), environment)
        output.show(page(Scene({**seen.resource, "status": status}, seen.now, seen.events).view, Canvas(80)))
        text = buffer.getvalue().decode()
        assert "error::pwned" in text
        assert not re.search(r"(?m)^\s*::", text)


def test_a_command_to_be_copied_is_words_whatever_the_resource_says() -> None:
    hostile = "x'; touch PWN; $(id) `id` #"
    seen = scene("hostile words")
    spec = {**seen.resource["spec"], "stateMachineArn": hostile, "alias": "a b"}
    rollout = Rollout.from_resource({**seen.resource, "spec": spec})
    for reason, remedy in REMEDIES.items():
        for suggestion in remedy(rollout).suggestions:
            words = shlex.split(suggestion.command)
            assert not {"touch", "PWN;", "$(id)", "`id`"} & set(words), (reason, suggestion.command)


@pytest.mark.parametrize("height", [24, 30, 40])
def test_on_a_low_screen_a_long_plan_makes_room_for_the_alarms(height: int) -> None:
    lines = rendered(scene("many steps"), 80, height=height).splitlines()
    assert lines.index("Alarms") < height - 1
    assert any("▶ 9    36 %" in line for line in lines[:height])


# -- the plan --


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES.keys())
def test_the_plan_is_the_one_that_the_operator_compiles(strategy: dict[str, object]) -> None:
    world = World(strategy=strategy)
    plan = compile_plan(parse_spec(world.raw))
    course = course_of(Rollout.from_resource(resource_of(world)), world.now)
    assert course is not None
    shown = [(step.label, step.weight, step.wait_s) for step in course.steps]
    compiled = [(str(at + 1), step.weight, step.wait_s) for at, step in enumerate(plan.steps)]
    assert shown == [*compiled, ("bake", 100, plan.bake_s)]


@pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=STRATEGIES.keys())
def test_what_is_foretold_happens(strategy: dict[str, object]) -> None:
    """Each step is entered, and the rollout ends, when the page said so at the start."""
    world = World(strategy=strategy)
    world.settle()
    course = course_of(Rollout.from_resource(resource_of(world)), world.now)
    assert course is not None
    foretold = {at: step.enters_at for at, step in enumerate(course.steps) if step.enters_at is not None}

    world.advance(3 * 3600)

    entered = {status.step_index: status.step_started_at for status in reversed(world.statuses)}
    assert {at: entered[at] for at in foretold} == foretold
    assert course.ends_at == world.status.finished_at


def test_the_current_step_and_what_is_left_of_it() -> None:
    world = World(strategy=LINEAR)
    world.advance(700)
    course = course_of(Rollout.from_resource(resource_of(world)), world.now)
    assert course is not None
    states = [step.state for step in course.steps]
    assert states == [StepState.DONE, StepState.DONE, StepState.CURRENT, StepState.COMING, StepState.COMING]
    assert course.due_at == datetime(2026, 11, 21, 12, 15, tzinfo=UTC)


def test_an_edited_plan_is_gone_on_with_as_the_operator_will() -> None:
    """The API server has the new steps already, the operator has not placed the rollout in them yet."""
    world = World(strategy=LINEAR)
    world.advance(700)
    resource = resource_of(world)
    edited = {**resource["spec"], "strategy": {"linear": {"increment": 10, "interval": "1m"}}}
    before = Rollout.from_resource({**resource, "spec": edited})
    course = course_of(before, world.now)

    world.edit(strategy=edited["strategy"])

    assert world.status.step_index == 6  # the step below: its wait is the one before 80 %
    assert course is not None
    assert course.next_step is not None
    assert course.next_step.weight == 80


def test_times_of_former_steps_are_those_of_the_events() -> None:
    world = World(strategy=LINEAR)
    world.advance(610)
    text = rendered(scene_of(world), 80)
    assert "1      25 %  entered 12:00:00, stayed 5m00s" in text
    assert "2      50 %  entered 12:05:00, stayed 5m00s" in text
    assert "3      75 %  entered 12:10:00, 4m30s of 5m left" in text


SAYS_NOTHING = {
    "no annotations": {},
    "another version": {"annotations": {"sfnrollouts.dev/step": "1/4", "sfnrollouts.dev/version": "3"}},
    "no step": {"annotations": {"sfnrollouts.dev/version": "2"}},
    "no numbers": {"annotations": {"sfnrollouts.dev/step": "one", "sfnrollouts.dev/version": "2"}},
    "too many digits": {"annotations": {"sfnrollouts.dev/step": "9" * 5000, "sfnrollouts.dev/version": "2"}},
    "annotations of another shape": {"annotations": ["sfnrollouts.dev/step"]},
}


@pytest.mark.parametrize("metadata", SAYS_NOTHING.values(), ids=SAYS_NOTHING)
def test_the_sentence_of_an_event_says_nothing_to_programs(metadata: Any) -> None:
    """Its words may change, and be anybody's: only annotations tell which step began when."""
    world = World(strategy=LINEAR)
    world.advance(610)
    seen = scene_of(world)
    foreign = [{**event, "metadata": metadata} for event in seen.events]
    assert step_entries(Rollout.from_resource(seen.resource), event_lines(seen.events)).keys() == {1, 2, 3}
    assert step_entries(Rollout.from_resource(seen.resource), event_lines(foreign)) == {}


# -- what comes next --


def test_each_reason_that_stalls_has_its_remedy_and_its_heading() -> None:
    rollouts = [scene(name).view.rollout for name in SCENES]
    stalled = {each.reason for each in rollouts if each.is_stalled}
    assert stalled <= REMEDIES.keys()
    assert REMEDIES.keys() <= set(Reason)
    assert all(f"\n### {reason}\n" in RUNBOOK for reason in REMEDIES)


@pytest.mark.parametrize("reason", REMEDIES)
def test_each_remedy_fits_a_rollout_in_flight_and_one_at_rest(reason: str) -> None:
    for name in ("shifting", "rolled back by an alarm", "not seen yet"):
        rollout = scene(name).view.rollout
        found = REMEDIES[reason](rollout)
        assert found.sentence
        assert "None" not in " ".join(
            [found.sentence, *(suggestion.command for suggestion in found.suggestions)]
        ) or not (rollout.stable)


@pytest.mark.parametrize("name", SCENES)
def test_every_command_on_a_page_exists(name: str) -> None:
    view = scene(name).view
    found = next_up(view.rollout, course_of(view.rollout, view.now), view.now)
    commands = [suggestion.command.split() for suggestion in found.suggestions]
    ours = [words for words in commands if words[:2] == ["kubectl", "sfnrollout"]]
    assert all(words[2] in VERBS for words in ours)
    assert all(words[-2:] == ["-n", "shop"] for words in ours if words[2] not in ("lint", "version"))
    assert all(each.runbook == "" or f"\n### {each.runbook}\n" in RUNBOOK for each in [found])


def test_the_way_back_is_at_hand_whenever_traffic_may_have_moved() -> None:
    """Who looks at night may want nothing else. On the way back, and at rest, there is nothing to abort."""
    for name in SCENES:
        rollout = scene(name).view.rollout
        is_offered = "kubectl sfnrollout abort" in rendered(scene(name), 120)
        is_wanted = rollout.is_in_flight and rollout.trip is None and rollout.is_observed and not rollout.is_deleting
        assert is_offered is is_wanted or rollout.phase == "Pending", name


# -- whatever an API server may hold --

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
STRANGE = (
    ANYTHING
    | st.sampled_from(["2026-11-21T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "Baking", "1h"])
    | st.sampled_from([[{}], [{"name": "A"}], [{"version": 1, "weight": 300}], {"weight": 3, "stepIndex": 900}])
)
EVENT_FIELDS = ("firstTimestamp", "lastTimestamp", "eventTime", "type", "reason", "message", "count")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["shifting", "rolled back by an alarm", "promoted by somebody", "not seen yet"]), st.data())
def test_a_strange_resource_is_shown_as_far_as_it_can_be_read(name: str, data: st.DataObject) -> None:
    """An older or newer operator, or nobody's idea of a status: the page comes all the same."""
    seen = scene(name)
    resource = {part: dict(seen.resource[part]) for part in ("metadata", "spec", "status")}
    for part in resource.values():
        for key in data.draw(st.lists(st.sampled_from(sorted(part)), max_size=3)) if part else ():
            part[key] = data.draw(STRANGE)
    event = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(EVENT_FIELDS, STRANGE)))
    assert rendered(Scene(resource, seen.now, [event, *seen.events]), 80)


@given(STRANGE)
def test_a_resource_of_any_shape_is_read(anything: object) -> None:
    parts = {"metadata": anything, "spec": anything, "status": anything}
    assert Rollout.from_resource(parts).attention_rank


# -- times --


def test_times_of_day_are_those_of_the_person() -> None:
    now = datetime(2026, 11, 21, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert o_clock(now.astimezone(UTC), now) == "23:30:00"
    assert o_clock(now + timedelta(hours=1), now) == "Nov 22 00:30"


def test_reading_a_resource_needs_the_standard_library_alone() -> None:
    """`list` must answer at once: pydantic and rich take longer than that to import."""
    script = (
        "import sys, sfn_rollouts.explain.rollout; print(*{'pydantic', 'rich', 'boto3', 'yaml'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "\n"


# -- what the judge says --


def judged(**changes: Any) -> str:
    """The block about the analysis of a rollout that is held at half of the traffic; `changes` are of its status.

    Its policies ignore Worse and Slower.
    """
    seen = scene("suspect, held")
    spec, status = seen.resource["spec"], seen.resource["status"]
    spec = {**spec, "analysis": {"onWorse": "Ignore", "onSlower": "Ignore"}}
    status = {**status, **changes, "analysis": {**status["analysis"], **changes.get("analysis", {})}}
    text = rendered(Scene({**seen.resource, "spec": spec, "status": status}, seen.now), 200)
    return text.partition("\nAnalysis\n")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("Worse", "onWorse: Ignore; so and so"),
        ("Slower", "onSlower: Ignore; so and so"),
        ("Suspect", "holds the next step; so and so"),
        ("Skewed", "holds the next step; so and so"),
        ("Blind", "holds the next step; so and so"),
        ("NotWorse", " so and so"),
        ("NotEnough", " so and so"),
    ],
)
def test_the_block_says_what_the_verdict_does(verdict: str, said: str) -> None:
    first = judged(analysis={"verdict": verdict, "message": "so and so"}).splitlines()[0]
    assert f" {verdict} " in first
    assert first.endswith(said)


def test_nothing_waits_for_a_split_that_is_over() -> None:
    assert "holds" not in judged(weight=100, analysis={"verdict": "Skewed"})


def test_that_somebody_promoted_in_spite_of_it_stands_there() -> None:
    assert "promoted in spite of it; " in judged(analysis={"verdict": "Suspect", "accepted": "Suspect"})
    assert "promoted in spite of it" not in judged(analysis={"verdict": "Suspect", "accepted": "Blind"})


def test_it_says_how_often_it_would_come_by_chance_where_the_message_does_not() -> None:
    figures = {"byChance": 0.25, "needed": 0.001}
    assert re.search(
        r"by chance +1 rollout in 4 +Worse from 1 in 1000 on", judged(analysis={"verdict": "Suspect", **figures})
    )
    assert "by chance " not in judged(analysis={"verdict": "NotEnough", "message": "so", **figures})
    assert "by chance " not in judged(analysis={"verdict": "Suspect", "byChance": "often", "needed": True})


def test_it_says_how_old_what_is_judged_must_be() -> None:
    assert re.search(r"horizon +2m +an execution is judged when it is so old; ", judged(analysis={"horizon": "2m"}))
    by_metrics = judged(analysis={"horizon": "2m", "source": "Metrics"})
    assert re.search(r"horizon +2m +by metrics: minutes that began so long after a change of the weight, ", by_metrics)


def test_of_a_rollout_that_has_ended_it_says_when_it_was_found() -> None:
    ended = judged(finishedAt="2026-11-21T12:30:00Z", analysis={"verdict": "Worse"})
    assert re.search(r"Worse +\w+ ago", ended)
    assert "last look" not in ended
    assert "by now" not in ended


def test_what_a_verdict_does_is_read_as_the_api_defaults_it() -> None:
    defaults = Analysis().model_dump(by_alias=True)
    assert {field: defaults[field] for field, _ in JUDGES_POLICIES.values()} == dict(JUDGES_POLICIES.values())
