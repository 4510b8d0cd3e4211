"""`list`: who needs somebody comes first, and every format says the same."""

import json
import os
import pty
import re
import shlex
import subprocess
import termios

import pytest
import yaml

from sfn_rollouts.explain.rollout import Attention, Rollout
from sfn_rollouts.plugin.listing import reason, shown_on, summary
from sfn_rollouts.plugin.table import Cell, Column, lines
from tests.e2e.cluster import Cluster
from tests.plugin.conftest import DEADLINE_S, Plugin
from tests.plugin.rollouts import IN_FLIGHT, STATES, give, status


@pytest.fixture
def one_of_each(cluster: Cluster, namespace: str) -> list[str]:
    """Stored in the wrong order; gives their names in the right one."""
    for name, found in reversed(STATES.items()):
        give(cluster, namespace, name, found)
    return ["rolled-back", "stalled-in-flight", *list(STATES)[2:]]


def test_who_needs_somebody_comes_first(plugin: Plugin, namespace: str, one_of_each: list[str]) -> None:
    heading, *rows = plugin.ok("list", "-n", namespace).splitlines()
    assert heading.split() == ["NAME", "STATE", "STEP", "WEIGHT", "TARGET", "STABLE", "ALARM", "SINCE", "REASON"]
    assert [row.split()[0] for row in rows] == one_of_each
    by_name = {row.split()[0]: row.split()[1:7] + row.split()[8:] for row in rows}
    assert by_name["stalled-in-flight"] == ["Stalled", "1/2", "10%", "42", "41", "OK", "AliasDrifted"]
    assert by_name["rolled-back"] == ["RolledBack", "2/2", "0%", "42", "-", "ALARM", "AlarmFiring"]
    assert by_name["unseen"] == ["Unseen", "-", "-", "42", "-", "-", "-"]
    assert by_name["done"] == ["Succeeded", "2/2", "100%", "42", "42", "OK", "RolloutComplete"]


def test_without_a_namespace_it_shows_all_of_them(
    plugin: Plugin, cluster: Cluster, namespace: str, one_of_each: list[str]
) -> None:
    elsewhere = cluster.create_namespace(f"{namespace}-b")
    give(cluster, elsewhere, "neighbour")
    for flags in ((), ("-A",), ("-A", "-n", namespace)):
        heading, *rows = plugin.ok("list", *flags).splitlines()
        assert heading.split()[:2] == ["NAMESPACE", "NAME"]
        ours = [row.split()[:2] for row in rows if row.startswith(namespace)]
        expected = [[namespace, name] for name in one_of_each]
        expected.insert(one_of_each.index("unseen") + 1, [elsewhere, "neighbour"])
        assert ours == expected


def test_other_programs_get_the_same_order(plugin: Plugin, namespace: str, one_of_each: list[str]) -> None:
    listed = json.loads(plugin.ok("list", "-n", namespace, "-o", "json"))
    assert (listed["kind"], listed["apiVersion"]) == ("List", "v1")
    assert [each["metadata"]["name"] for each in listed["items"]] == one_of_each
    assert all("managedFields" not in each["metadata"] for each in listed["items"])
    assert yaml.safe_load(plugin.ok("list", "-n", namespace, "-o", "yaml")) == listed
    names = plugin.ok("list", "-n", namespace, "-o", "name").splitlines()
    assert names == [f"stepfunctionrollout.sfnrollouts.dev/{name}" for name in one_of_each]


@pytest.fixture
def three_teams(cluster: Cluster, namespace: str) -> None:
    for name, labels in {
        "orders": {"team": "payments", "tier": "1"},
        "refunds": {"team": "payments"},
        "signup": {},
    }.items():
        give(cluster, namespace, name, STATES["done"], metadata={"labels": labels})


SELECTORS = {
    "by value": ("team=payments", ["orders", "refunds"]),
    "by two": ("team=payments,tier!=1", ["refunds"]),
    "by several values": ("team in (payments, growth)", ["orders", "refunds"]),
    "by a label that is there": ("tier", ["orders"]),
    "by one that is not": ("!team", ["signup"]),
    "nothing": ("", ["orders", "refunds", "signup"]),
}


@pytest.mark.parametrize(("selector", "names"), SELECTORS.values(), ids=SELECTORS.keys())
def test_labels_select(plugin: Plugin, namespace: str, three_teams: None, selector: str, names: list[str]) -> None:
    rows = plugin.ok("list", "-n", namespace, "-l", selector).splitlines()[1:]
    assert [row.split()[0] for row in rows] == names


@pytest.mark.parametrize("flags", [("-A",), ("-A", "-o", "wide"), ("--all-namespaces",), ()], ids=" ".join)
def test_labels_select_in_all_namespaces(
    plugin: Plugin, cluster: Cluster, namespace: str, three_teams: None, flags: tuple[str, ...]
) -> None:
    elsewhere = cluster.create_namespace(f"{namespace}-b")
    give(cluster, elsewhere, "neighbour", metadata={"labels": {"team": "payments"}})
    rows = plugin.ok("list", *flags, "--selector", "team=payments").splitlines()[1:]
    ours = [row.split()[:2] for row in rows if row.startswith(namespace)]
    assert sorted(ours) == [[namespace, "orders"], [namespace, "refunds"], [elsewhere, "neighbour"]]


def test_labels_select_for_programs_too(plugin: Plugin, namespace: str, three_teams: None) -> None:
    flags = ("-n", namespace, "-l", "tier=1")
    assert plugin.ok("list", *flags, "-o", "name") == "stepfunctionrollout.sfnrollouts.dev/orders\n"
    listed = json.loads(plugin.ok("list", *flags, "-o", "json"))
    assert [each["metadata"]["name"] for each in listed["items"]] == ["orders"]
    assert yaml.safe_load(plugin.ok("list", *flags, "-o", "yaml")) == listed


def test_where_nothing_is_selected_it_says_by_what(plugin: Plugin, namespace: str, three_teams: None) -> None:
    result = plugin("list", "-n", namespace, "-l", "team=growth")
    reported = f"No rollouts in namespace {namespace} that team=growth selects.\n"
    assert (result.returncode, result.stdout, result.stderr) == (0, "", reported)


LETTERS = "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
NO_VALUE = f"a valid label must be an empty string or {LETTERS}"
MALFORMED = {
    "a comma too many": ("team=a,,b", "found ',', expected: identifier after ','"),
    "a bracket that stays open": ("team in (a", "unable to parse requirement: found '', expected: ',' or ')'"),
    "what would end a query": (
        "team=a&limit=1",
        f'unable to parse requirement: values[0][team]: Invalid value: "a&limit": {NO_VALUE}',
    ),
    "words of another trouble": (
        "localhost:8080 (Forbidden)",
        f'unable to parse requirement: Invalid value: "localhost:8080": name part must {LETTERS}',
    ),
}


@pytest.mark.parametrize(("selector", "why"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_selector_is_one_sentence(plugin: Plugin, selector: str, why: str) -> None:
    assert plugin.error("list", "-l", selector) == (
        f"error: the selector {shlex.quote(selector)} cannot be read: {why}\n"
        "Write it as for kubectl get: -l team=payments,tier!=test or -l 'team in (payments, growth)'.\n"
    )


def test_wide_adds_what_a_person_asks_next(plugin: Plugin, namespace: str, one_of_each: list[str]) -> None:
    heading, *rows = plugin.ok("list", "-n", namespace, "-o", "wide").splitlines()
    assert heading.split()[-5:] == ["STATE-MACHINE", "ALIAS", "ACCESS", "NEXT", "MESSAGE"]
    assert rows[0].split()[-6:] == ["Orders", "live", "-", "-", "errors", "fired"]


def test_wide_names_the_access_and_whether_it_was_revoked(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    used = {"name": "payments", "roleArn": "arn:aws:iam::222222222222:role/sfn-rollouts"}
    give(cluster, namespace, "granted", status("Progressing", "ShiftInProgress", access=used, **IN_FLIGHT))
    revoked = status("Progressing", "AccessNotGranted", access={"name": "own"}, is_stalled=True, **IN_FLIGHT)
    give(cluster, namespace, "revoked", revoked)
    rows = plugin.ok("list", "-n", namespace, "-o", "wide").splitlines()[1:]
    assert [re.split(r"\s{3,}", row)[-3] for row in rows] == ["own, revoked", "payments (222222222222)"]


def test_where_there_is_nothing_it_says_so(plugin: Plugin, namespace: str) -> None:
    result = plugin("list", "-n", namespace)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", f"No rollouts in namespace {namespace}.\n")
    assert json.loads(plugin.ok("list", "-n", namespace, "-o", "json"))["items"] == []
    assert plugin.ok("list", "-n", namespace, "-o", "name") == ""


@pytest.mark.parametrize(
    ("phase", "verdict", "attention", "doubt"),
    [
        ("Progressing", "Suspect", Attention.DOUBTED, "Suspect"),
        ("Progressing", "Blind", Attention.DOUBTED, "Blind"),
        ("Progressing", "NotWorse", Attention.MOVING, ""),
        ("RolledBack", "Worse", Attention.STALLED, ""),
    ],
)
def test_what_the_judge_doubts_is_marked_in_flight(phase: str, verdict: str, attention: Attention, doubt: str) -> None:
    ended = {"finishedAt": "2026-11-21T12:00:00Z"} if phase == "RolledBack" else {}
    ready = {"type": "Ready", "status": "False", "reason": "ShiftInProgress", "observedGeneration": 1}
    status = {
        "observedGeneration": 1,
        "phase": phase,
        "startedAt": "2026-11-21T11:00:00Z",
        "conditions": [ready],
        "analysis": {"verdict": verdict},
        **ended,
    }
    rollout = Rollout.from_resource({"metadata": {"generation": 1}, "status": status})
    assert (rollout.attention, rollout.doubt) == (attention, doubt)
    assert reason(rollout) == (f"ShiftInProgress ({doubt})" if doubt else "ShiftInProgress")


def test_the_summary_counts_in_the_order_of_the_list() -> None:
    assert summary([Rollout.from_resource({})]) == "1 rollout: 1 not seen by an operator yet"
    found = [Rollout.from_resource({"metadata": {"generation": 1}, "status": each}) for each in STATES.values()]
    assert summary(found) == (
        "8 rollouts: 2 stalled, 1 rolling back, 1 with an alarm, 1 waiting for somebody, "
        "1 not seen by an operator yet, 1 under way, 1 done"
    )


@pytest.mark.parametrize(
    ("undone", "done", "height", "expected"),
    [
        pytest.param(3, 2, 11, 5, id="all fit"),
        pytest.param(3, 40, 11, 5, id="as many as fit"),
        pytest.param(30, 40, 10, 30, id="what needs somebody is never left out"),
        pytest.param(30, 0, 10, 30, id="with nothing that is done"),
    ],
)
def test_what_is_done_pushes_nothing_off_the_screen(undone: int, done: int, height: int, expected: int) -> None:
    kinds = [STATES["paused"]] * undone + [STATES["done"]] * done
    found = [Rollout.from_resource({"metadata": {"generation": 1}, "status": each}) for each in kinds]
    assert shown_on(found, height) == expected


def test_on_a_terminal_it_fits_and_has_colours_unless_set_otherwise(
    plugin: Plugin, cluster: Cluster, namespace: str, one_of_each: list[str]
) -> None:
    for name in ("done-2", "done-3"):
        give(cluster, namespace, name, STATES["done"])
    coloured = on_terminal(plugin, 80, 13, {}, "list", "-n", namespace)
    assert "\x1b[31mStalled\x1b[0m" in coloured
    assert "\x1b[32mSucceeded\x1b[0m" not in coloured
    plain = on_terminal(plugin, 80, 13, {"NO_COLOR": "1"}, "list", "-n", namespace)
    assert "\x1b" not in plain
    *table, left_out, _, counts, more = plain.splitlines()
    assert max(map(len, (*table, counts, more))) <= 80
    again = f"kubectl sfnrollout list -n {namespace} | less"
    assert left_out == f"... and 3 more that are done; to see all: {again}"
    assert counts.startswith("10 rollouts: 2 stalled, ")
    selected = on_terminal(plugin, 80, 13, {"NO_COLOR": "1"}, "list", "-n", namespace, "-l", "!a, !b")
    assert f"kubectl sfnrollout list -n {namespace} -l '!a, !b' | less" in selected


def on_terminal(plugin: Plugin, columns: int, rows: int, environment: dict[str, str], *arguments: str) -> str:
    """What it writes on a terminal of this size."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (rows, columns))
    command, surroundings = plugin.command(*arguments), plugin.environment() | {"TERM": "xterm"} | environment
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings) as process:
        os.close(theirs)
        written = b"".join(iter(lambda: read_from(ours), b""))
        assert process.wait(DEADLINE_S) == 0
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def read_from(terminal: int) -> bytes:
    """Nothing at the end: Linux says EIO when nobody holds the other side."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


COLUMNS = (Column("NAME"), Column("SINCE", goes=1), Column("STEP", goes=2), Column("REASON"))
ROW = (Cell("orders"), Cell("12m"), Cell(""), Cell("ProgressDeadlineExceeded", "red"))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(None, ["NAME     SINCE   STEP   REASON", "orders   12m     -      {}"], id="no terminal"),
        pytest.param(48, ["NAME     SINCE   STEP   REASON", "orders   12m     -      {}"], id="a wide one"),
        pytest.param(47, ["NAME     STEP   REASON", "orders   -      {}"], id="one that is a letter too narrow"),
        pytest.param(33, ["NAME     REASON", "orders   {}"], id="a narrow one"),
    ],
)
def test_columns_go_where_the_screen_is_narrow(width: int | None, expected: list[str]) -> None:
    reason = "\x1b[31mProgressDeadlineExceeded\x1b[0m"
    assert lines(COLUMNS, [ROW], width) == [line.format(reason) for line in expected]


def test_the_last_column_is_cut_at_last() -> None:
    heading, row = lines(COLUMNS, [ROW], 20)
    assert (heading, row) == ("NAME     REASON", "orders   \x1b[31mProgressDe…\x1b[0m")
    assert lines(COLUMNS, [ROW], 12)[1].endswith("ProgressDeadlineExceeded\x1b[0m"), "no room for a word: let it break"
