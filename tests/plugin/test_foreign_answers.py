"""What a proxy answers in the API server's place, through the real kubectl: one sentence, and no traceback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devenv.control_plane.foreign_page import ForeignPage, Page
from tests.plugin.conftest import Plugin

JSON = "application/json"
PAGES = {
    "a maintenance page": Page(b"<html>maintenance</html>"),
    "an empty object": Page(b"{}", content_type=JSON),
    "a list": Page(b"[]", content_type=JSON),
    "null": Page(b"null", content_type=JSON),
    "items that are no rollouts": Page(b'{"items": [{}, 5]}', content_type=JSON),
    "another kind": Page(b'{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}', content_type=JSON),
    "JSON that was cut off": Page(b'{"items": [', content_type=JSON),
    "brackets without end": Page(b"[" * 100_000, content_type=JSON),
}
VERBS = [
    *(("list",), ("list", "-A"), ("get", "x"), ("status", "x"), ("access",), ("access", "-A"), ("access", "x")),
    *(("history", "x"), ("promote", "x"), ("undo", "x")),
]


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[ForeignPage]:
    with ForeignPage(Page(b"")) as page:
        yield page


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_each_verb_says_that_it_was_not_the_cluster(
    plugin: Plugin, foreign: ForeignPage, page: Page, tmp_path: Path
) -> None:
    foreign.page = page
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "x", "cluster": {"server": foreign.url}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x", "namespace": "default"}}],
        "users": [{"name": "x", "user": {}}],
    }))  # fmt: skip
    for verb in VERBS:
        environment = {"HOME": str(tmp_path)}
        assert plugin.error(*verb, kubeconfig=kubeconfig, environment=environment).startswith("error: "), verb


def test_version_tells_what_it_can(plugin: Plugin, foreign: ForeignPage) -> None:
    foreign.page = PAGES["another kind"]
    reported = plugin("version", "--server", foreign.url)
    assert reported.returncode == 0
    assert reported.stdout.count("unknown") == 3
