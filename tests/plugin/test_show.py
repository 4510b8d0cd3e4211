"""`get` through the real kubectl: once, on a terminal, in a pipe, and while the cluster is away."""

import json
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from devenv.control_plane import ControlPlane, Kubectl
from devenv.waiting import wait_until
from sfn_rollouts.api.resource import parse_spec
from sfn_rollouts.core.values.plan import compile_plan
from tests.e2e.cluster import Cluster
from tests.e2e.story import ALARM, SLOW_STEPS, Story
from tests.plugin.conftest import Plugin
from tests.plugin.rollouts import IN_FLIGHT, SPEC, STATES, give, status
from tests.plugin.terminal import ALTERNATE_SCREEN_LEFT, Terminal

DEADLINE_S = 60.0
ALARMS = {"alarms": [{"name": "errors", "state": "OK"}]}


def in_flight(minutes: float = 2) -> dict[str, Any]:
    """Ten minutes to wait, and so many of them gone."""
    entered = datetime.now(UTC) - timedelta(minutes=minutes)
    times = {"stepStartedAt": _time(entered), "nextActionAt": _time(entered + timedelta(minutes=10))}
    plan = {"planHash": compile_plan(parse_spec(SPEC)).digest}
    return status("Progressing", "ShiftInProgress", "10 % for 10 minutes", **(IN_FLIGHT | times | plan | ALARMS))


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# -- with a real operator --


def test_a_rollout_in_flight_and_its_rollback(story: Story, plugin: Plugin) -> None:
    """Once, while a pipe follows it: a block for each change, and Ctrl-C is how it ends."""
    story.apply(version=2, steps=SLOW_STEPS)
    story.wait_for_weight(10)
    story.wait_for_event("StepStarted")

    once = plugin.ok("get", "rollout")
    assert f"rollout in {story.namespace}   ▶ Progressing, step 1/3\n" in once
    assert "version 1 → 2" in once
    assert "10 % on version 2, 90 % on 1" in once
    assert re.search("Next  weight 50 % in (1h|59m)", once)  # the whole hour, where it is asked within a second
    assert f"unless alarm {ALARM} fires" in once
    assert f"kubectl sfnrollout abort rollout -n {story.namespace}" in once
    assert f"✔ {ALARM}  OK" in once
    assert "StepStarted: step 1/3: version 2 has 10 % of new executions" in once

    with watching(plugin, "rollout") as followed:
        followed.wait_for("10 % on version 2")
        story.command("promote")
        followed.wait_for("50 % on version 2")
        followed.wait_for("promote by ann")
        story.aws.set_alarm(ALARM, "ALARM", reason="Threshold Crossed: 7 failed executions")
        followed.wait_for("✖ RolledBack\n")
        assert followed.interrupt() == 0
    assert followed.complaint == ""
    assert followed.text.count("--- 20") == followed.text.count("rollout in ")

    after = plugin.ok("get", "rollout")
    assert "0 % on version 2, 100 % on 1" in after
    assert "Threshold Crossed: 7 failed executions" in after
    assert "Why   AlarmFiring in docs/runbook.md" in after
    assert f"kubectl sfnrollout retry rollout -n {story.namespace}" in after
    assert re.search("✖ 2 +50 %  entered [0-9:]{8}, went back from here", after)
    assert "AlarmFiring: alarm errors is firing" in after


# -- the resource itself --


def test_the_resource_as_kubectl_gives_it(plugin: Plugin, cluster: Cluster, namespace: str, kubectl: Kubectl) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    known = json.loads(kubectl("get", "sfnr", "moving", "-n", namespace, "-o", "json").stdout)
    assert json.loads(plugin.ok("get", "moving", "-o", "json")) == known
    assert yaml.safe_load(plugin.ok("get", "moving", "-o", "yaml")) == known
    assert plugin.ok("get", "moving", "-o", "name") == "stepfunctionrollout.sfnrollouts.dev/moving\n"


def test_a_watch_gives_the_resource_at_each_change(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", STATES["moving"])
    with watching(plugin, "moving", None, "-o", "yaml") as followed:
        followed.wait_for("phase: Progressing")
        cluster.write_status(namespace, "moving", STATES["done"])
        followed.wait_for("phase: Succeeded")
        assert followed.interrupt() == 0
    assert [each["status"]["phase"] for each in yaml.safe_load_all(followed.text)] == ["Progressing", "Succeeded"]
    assert followed.complaint == ""


# -- on a terminal --


def test_on_a_terminal_it_is_redrawn_in_place(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    """The countdown goes on by itself, a change is seen at once, the window may change; the last page stays behind."""
    give(cluster, namespace, "moving", in_flight())
    command = plugin.command("get", "moving", "--watch")
    with Terminal(command, plugin.environment(), columns=80) as terminal:
        _see(terminal, "weight 100 % in 7m")
        assert "watching until Ctrl-C" in terminal.text
        countdown = terminal.text.partition("weight 100 % in ")[2].partition(",")[0]
        wait_until(lambda: "weight 100 %" in terminal.text and countdown not in terminal.text, DEADLINE_S, "a second")
        terminal.resize(120, 40)
        _see(terminal, f"{'█' * 4}{'░' * 36}  10 % on version 42")
        cluster.write_status(namespace, "moving", STATES["rolled-back"])
        _see(terminal, "✖ RolledBack")
        assert terminal.interrupt(DEADLINE_S) == 0
        last = terminal.raw.rpartition(ALTERNATE_SCREEN_LEFT)[2].decode()
    assert "✖ RolledBack" in last
    assert "Traceback" not in last
    assert "\x1b[1;31m" in last


def test_a_watch_that_is_asked_to_end_gives_the_terminal_back(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    """And takes its kubectl with it."""
    give(cluster, namespace, "moving", in_flight())
    with Terminal(plugin.command("get", "moving", "--watch"), plugin.environment()) as terminal:
        _see(terminal, "watching until Ctrl-C")
        assert terminal.terminate(DEADLINE_S) == 143
        assert ALTERNATE_SCREEN_LEFT in terminal.raw
    assert "Traceback" not in terminal.raw.decode()


def test_no_color_and_a_plain_locale(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", in_flight())
    environment = plugin.environment() | {"NO_COLOR": "1", "LC_ALL": "C"}
    with Terminal(plugin.command("get", "moving"), environment) as terminal:
        _see(terminal, "`-- ")
        raw = terminal.raw
    assert raw.isascii()
    assert not any(f"\x1b[{strength}3{colour}m".encode() in raw for strength in ("", "1;") for colour in range(8))


def _see(terminal: Terminal, text: str) -> None:
    wait_until(lambda: text in terminal.text, DEADLINE_S, f"{text!r} on the screen", interval_s=0.1)


# -- when not all is well --


def test_a_watch_says_when_the_cluster_is_away_and_when_it_is_back(
    control_plane: ControlPlane, plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    kubeconfig = control_plane.kubeconfig_for("ann", groups=("system:masters",), namespace=namespace, via_proxy=True)
    give(cluster, namespace, "moving", in_flight())
    with watching(plugin, "moving", kubeconfig) as followed:
        followed.wait_for("10 % for 10 minutes")
        control_plane.proxy.refuse()
        control_plane.cut_watches()
        try:
            followed.wait_for("this is what was seen last")
        finally:
            control_plane.proxy.accept()
        cluster.write_status(namespace, "moving", STATES["done"])
        followed.wait_for("✔ Succeeded")
        assert followed.interrupt() == 0
    assert followed.complaint == ""
    assert "what was seen last" not in followed.text.rpartition("---")[2]


def test_what_is_deleted_meanwhile_ends_the_watch(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    give(cluster, namespace, "moving", in_flight())
    with watching(plugin, "moving") as followed:
        followed.wait_for("10 % for 10 minutes")
        cluster.delete(namespace, "moving")
        assert followed.wait() == 1
    assert followed.complaint == "error: moving was deleted meanwhile\n"


def test_without_the_right_to_read_events_the_page_says_so(
    control_plane: ControlPlane, plugin: Plugin, kubectl: Kubectl, cluster: Cluster, namespace: str
) -> None:
    give(cluster, namespace, "moving", in_flight())
    kubectl("create", "role", "see", "--verb=get,list,watch", "--resource=sfnrollouts.sfnrollouts.dev", "-n", namespace)
    kubectl("create", "rolebinding", "see", "--role=see", f"--user=ben-{namespace}", "-n", namespace)
    kubeconfig = control_plane.kubeconfig_for(f"ben-{namespace}", namespace=namespace)
    page = plugin.ok("get", "moving", kubeconfig=kubeconfig)
    assert "▶ Progressing, step 1/2" in page
    assert f"user ben-{namespace} may not list events in namespace {namespace}" in " ".join(page.split())


class Followed:
    """A watch in a pipe, and what it has printed so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self.complaint = ""
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read, self._listen)]
        for reader in self._readers:
            reader.start()

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.text, DEADLINE_S, f"{text!r} in {self.text!r}", interval_s=0.1)

    def interrupt(self) -> int:
        """SIGINT to the plugin alone, as from a script; gives the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        code = self._process.wait(DEADLINE_S)
        for reader in self._readers:
            reader.join(DEADLINE_S)
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self.complaint = self._process.stderr.read()


@contextmanager
def watching(plugin: Plugin, name: str, kubeconfig: Path | None = None, *options: str) -> Iterator[Followed]:
    command = plugin.command("get", name, "--watch", *options)
    environment = plugin.environment(kubeconfig)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf8", env=environment) as process:
        try:
            yield Followed(process)
        finally:
            process.kill()
