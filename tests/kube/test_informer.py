"""The informer against a real API server on good and bad days, and against an ill one."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import Configuration

from devenv.control_plane import ControlPlane, Kubectl
from devenv.waiting import wait_until
from sfn_rollouts.clock import SteadyClock
from sfn_rollouts.kube.connection import Connection, connect
from sfn_rollouts.kube.informer import Informer
from sfn_rollouts.ports import Key
from tests.api.accesses import access
from tests.kube.conftest import Apply
from tests.kube.fake_api_server import RESOURCE, FakeApiServer


@dataclass
class Heard:
    """What an informer reported."""

    seen: list[dict[str, Any]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    accesses: list[dict[str, Any]] = field(default_factory=list)
    accesses_gone: list[str] = field(default_factory=list)
    namespaces: list[dict[str, Any]] = field(default_factory=list)
    namespaces_gone: list[str] = field(default_factory=list)
    restarts: int = 0

    def restarted(self) -> None:
        self.restarts += 1

    def label(self, key: Key) -> str | None:
        """The label `mark` of the resource as last reported."""
        reported = [each["metadata"] for each in self.seen if each["metadata"]["name"] == key.name]
        return reported[-1].get("labels", {}).get("mark") if reported else None


Listen = Callable[..., Heard]


@pytest.fixture
def listen(clock: SteadyClock) -> Iterator[Listen]:
    """`listen(connection, namespaces)` starts an informer that is stopped at the end."""
    informers: list[Informer] = []

    def start(connection: Connection, namespaces: list[str]) -> Heard:
        heard = Heard()
        informer = Informer(
            connection,
            namespaces,
            seen=heard.seen.append,
            gone=heard.gone.append,
            access_seen=heard.accesses.append,
            access_gone=heard.accesses_gone.append,
            namespace_seen=heard.namespaces.append,
            namespace_gone=heard.namespaces_gone.append,
            restarted=heard.restarted,
            clock=clock,
        )
        informer.start()
        informers.append(informer)
        return heard

    yield start
    for informer in informers:
        assert informer.stop(10), "an informer did not stop"


def mark(kubectl: Kubectl, key: Key, value: str) -> None:
    kubectl("label", "sfnr", key.name, "-n", key.namespace, "--overwrite", f"mark={value}")


def until_marked(heard: Heard, key: Key, value: str) -> None:
    wait_until(lambda: heard.label(key) == value, 30, f"the informer to tell of mark={value}")


def test_it_tells_what_is_there_what_changes_and_what_goes(
    listen: Listen, connection: Connection, apply: Apply, kubectl: Kubectl
) -> None:
    key = apply()
    heard = listen(connection, [key.namespace])
    wait_until(lambda: heard.seen, 30, "the resource to be listed")
    assert type(heard.seen[0]) is dict
    assert heard.seen[0]["spec"]["alias"] == "live"

    mark(kubectl, key, "changed")
    until_marked(heard, key, "changed")
    later = apply("later")
    wait_until(lambda: heard.seen[-1]["metadata"]["name"] == later.name, 30, "the new resource to be reported")
    kubectl("delete", "sfnr", key.name, "-n", key.namespace)
    wait_until(lambda: heard.gone == [heard.seen[0]["metadata"]["uid"]], 30, "the deletion to be reported")
    assert heard.restarts == 0


def uids(resources: list[dict[str, Any]], name: str) -> set[str]:
    return {each["metadata"]["uid"] for each in resources if each["metadata"]["name"] == name}


@pytest.mark.parametrize("scope", ["all namespaces", "one namespace"])
def test_accesses_and_namespaces_of_the_whole_cluster_are_reported(
    listen: Listen, connection: Connection, kubectl: Kubectl, namespace: str, scope: str
) -> None:
    """Also where it serves one namespace: an AWSAccess may name any, and is in none itself."""
    kubectl("apply", "-f", "-", stdin=yaml.safe_dump(access(namespace)))
    heard = listen(connection, [] if scope == "all namespaces" else ["default"])
    wait_until(lambda: uids(heard.accesses, namespace), 30, "the access to be listed")
    wait_until(lambda: uids(heard.namespaces, namespace), 30, "the namespace to be listed")
    [uid] = uids(heard.accesses, namespace)

    kubectl("label", "namespace", namespace, "team=payments")
    wait_until(lambda: labelled(heard, namespace) == "payments", 30, "the label to be reported")
    kubectl("delete", "awsaccess", namespace)
    wait_until(lambda: uid in heard.accesses_gone, 30, "the deletion to be reported")
    assert heard.restarts == 0


def labelled(heard: Heard, namespace: str) -> str | None:
    reported = [each["metadata"] for each in heard.namespaces if each["metadata"]["name"] == namespace]
    return reported[-1]["labels"].get("team") if reported else None


def test_a_namespace_that_is_gone_is_reported(
    listen: Listen, connection: Connection, kubectl: Kubectl, namespace: str
) -> None:
    """Nothing here empties a deleted namespace, so it is let go by hand."""
    heard = listen(connection, [])
    wait_until(lambda: uids(heard.namespaces, namespace), 30, "the namespace to be listed")
    [uid] = uids(heard.namespaces, namespace)

    kubectl("delete", "namespace", namespace, "--wait=false")
    emptied = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}, "spec": {"finalizers": []}}
    kubectl("replace", "--raw", f"/api/v1/namespaces/{namespace}/finalize", "-f", "-", stdin=json.dumps(emptied))

    wait_until(lambda: uid in heard.namespaces_gone, 30, "the deletion to be reported")


def test_it_writes_nothing(listen: Listen, connection: Connection, apply: Apply, kubectl: Kubectl) -> None:
    key = apply()
    heard = listen(connection, [key.namespace])
    wait_until(lambda: heard.seen, 30, "the resource to be listed")
    mark(kubectl, key, "changed")
    until_marked(heard, key, "changed")

    metadata = json.loads(kubectl("get", "sfnr", key.name, "-n", key.namespace, "-o", "json").stdout)["metadata"]

    assert "finalizers" not in metadata
    assert list(metadata["annotations"]) == ["kubectl.kubernetes.io/last-applied-configuration"]


def test_all_namespaces_are_watched_by_default(listen: Listen, connection: Connection, apply: Apply) -> None:
    heard = listen(connection, [])
    wait_until(lambda: heard.seen or True, 30, "the informer to start")

    key = apply()

    wait_until(
        lambda: any(each["metadata"]["namespace"] == key.namespace for each in heard.seen), 30, "it to be reported"
    )


def test_other_namespaces_are_passed_over(
    listen: Listen, connection: Connection, apply: Apply, kubectl: Kubectl
) -> None:
    key = apply()
    heard = listen(connection, [key.namespace, "default"])
    wait_until(lambda: heard.seen, 30, "the resource to be listed")

    assert {each["metadata"]["namespace"] for each in heard.seen} <= {key.namespace, "default"}


def test_a_cut_watch_comes_back(
    listen: Listen, connection: Connection, apply: Apply, kubectl: Kubectl, control_plane: ControlPlane
) -> None:
    key = apply()
    heard = listen(connection, [key.namespace])
    wait_until(lambda: heard.seen, 30, "the resource to be listed")

    for attempt in ("first", "second"):
        wait_until(control_plane.cut_watches, 30, "a watch to cut")
        mark(kubectl, key, attempt)
        until_marked(heard, key, attempt)


def test_an_api_server_that_was_away_is_watched_again(
    listen: Listen, connection: Connection, apply: Apply, kubectl: Kubectl, control_plane: ControlPlane
) -> None:
    key = apply()
    heard = listen(connection, [key.namespace])
    wait_until(lambda: heard.seen, 30, "the resource to be listed")

    control_plane.stop_api_server()
    control_plane.start_api_server()
    mark(kubectl, key, "back")

    until_marked(heard, key, "back")
    assert heard.restarts == 0, "kopf itself survives an outage"


def test_a_watch_that_breaks_kopf_is_started_again(listen: Listen, log_lines: list[dict[str, Any]]) -> None:
    with FakeApiServer(broken_watches=2) as fake:
        heard = listen(_connection(fake.url), [])

        wait_until(lambda: fake.lists == 3, 30, "a third list after two broken watches")
        wait_until(lambda: len(heard.seen) == 3, 10, "each list to be reported")

    assert heard.restarts == 2
    assert ["unable to decode an event" in line["why"] for line in log_lines] == [True, True]


def test_one_of_several_watches_that_breaks_kopf_is_started_again(listen: Listen) -> None:
    """The others are open and sound, and must not keep kopf from its end."""
    with FakeApiServer(broken_watches=1) as fake:
        heard = listen(_connection(fake.url), ["shop", "billing", "payments"])

        wait_until(lambda: fake.lists == 6, 30, "a second list of each namespace")

    assert heard.restarts == 1


def test_what_is_no_rollout_is_not_passed_on(listen: Listen, log_lines: list[dict[str, Any]]) -> None:
    """A way that leads to another API, or to a store that has lost half of an object."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": RESOURCE["metadata"]}
    nameless = {**RESOURCE, "metadata": {"uid": "uid-2"}}
    with FakeApiServer(broken_watches=0) as fake:
        fake.items = [pod, nameless, RESOURCE]
        heard = listen(_connection(fake.url), [])

        wait_until(lambda: len(log_lines) == 2, 30, "both to be passed over")
        wait_until(lambda: heard.seen, 10, "the rollout to be reported")

    assert [each["metadata"]["uid"] for each in heard.seen] == ["uid-1"]
    assert [line["why"] for line in log_lines] == [
        "no StepFunctionRollout of sfnrollouts.dev/v1alpha1",
        "metadata.name is not there or not as it must be",
    ]


def test_without_the_crd_it_waits_and_tries_again(listen: Listen) -> None:
    with FakeApiServer(broken_watches=0) as fake:
        heard = listen(_connection(fake.url + "/elsewhere"), [])

        wait_until(lambda: heard.restarts == 2, 30, "a second attempt")

    assert heard.seen == []


def test_a_token_is_enough(
    listen: Listen,
    control_plane: ControlPlane,
    kubectl: Kubectl,
    apply: Apply,
    tmp_path: Path,
    operator_kubeconfig: Path,
) -> None:
    key = apply()
    token = kubectl("create", "token", "sfn-rollouts", "-n", "sfn-rollouts").stdout.strip()
    kubeconfig = yaml.safe_load(operator_kubeconfig.read_text())
    kubeconfig["users"][0]["user"] = {"token": token}
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(kubeconfig))

    with closing(connect(str(tmp_path / "kubeconfig"))) as connection:
        heard = listen(connection, [key.namespace])

        wait_until(lambda: heard.seen, 30, "the resource to be listed")


def _connection(url: str) -> Connection:
    configuration = Configuration()
    configuration.host = url
    return Connection(configuration)
