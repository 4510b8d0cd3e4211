"""An API server that says what a real one says only when it is ill: a watch that breaks off with an ERROR event."""

import http.server
import json
import threading
from typing import Any, Self
from urllib.parse import parse_qs, urlparse

VERBS = ["get", "list", "watch", "patch", "create"]


def _resource(name: str, kind: str, *, is_namespaced: bool = True) -> dict[str, Any]:
    return {"name": name, "singularName": "", "namespaced": is_namespaced, "kind": kind, "verbs": VERBS}


def _group(name: str, version: str) -> dict[str, Any]:
    return {"name": name, "versions": [{"version": version}], "preferredVersion": {"version": version}}


# kopf waits for namespaces, Events and CRDs to be served before it watches anything.
PAGES: dict[str, Any] = {
    "/api": {"versions": ["v1"]},
    "/api/v1": {"resources": [_resource("namespaces", "Namespace", is_namespaced=False), _resource("events", "Event")]},
    "/apis": {
        "apiVersion": "v1",
        "kind": "APIGroupList",
        "groups": [_group("sfnrollouts.dev", "v1alpha1"), _group("apiextensions.k8s.io", "v1")],
    },
    "/apis/apiextensions.k8s.io/v1": {
        "resources": [_resource("customresourcedefinitions", "CustomResourceDefinition")]
    },
    "/apis/sfnrollouts.dev/v1alpha1": {
        "apiVersion": "v1",
        "kind": "APIResourceList",
        "resources": [
            _resource("stepfunctionrollouts", "StepFunctionRollout"),
            _resource("awsaccesses", "AWSAccess", is_namespaced=False),
        ],
    },
}
BROKEN = {"type": "ERROR", "object": {"kind": "Status", "code": 500, "message": "unable to decode an event"}}


class FakeApiServer:
    """Serves one rollout; the first `broken_watches` watches end with an ERROR event, the others stay open."""

    def __init__(self, broken_watches: int) -> None:
        self.broken_watches = broken_watches
        self.lists = 0
        self.items: list[Any] = [RESOURCE]
        self._closing = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> Any:
        """Return a page, or None for a watch that stays open until the end."""
        address = urlparse(path)
        if address.path in PAGES:
            return PAGES[address.path]
        is_watch = "watch" in parse_qs(address.query)
        if not address.path.endswith("/stepfunctionrollouts"):
            return self._wait() if is_watch else {"metadata": {"resourceVersion": "1"}, "items": []}
        if not is_watch:
            self.lists += 1
            return {"metadata": {"resourceVersion": "1"}, "items": self.items}
        if self.broken_watches:
            self.broken_watches -= 1
            return BROKEN
        return self._wait()

    def _wait(self) -> None:
        self._closing.wait(30)


RESOURCE = {
    "apiVersion": "sfnrollouts.dev/v1alpha1",
    "kind": "StepFunctionRollout",
    "metadata": {
        "namespace": "shop",
        "name": "orders",
        "uid": "uid-1",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    },
}


def _handler(fake: FakeApiServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = fake.answer(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            if page is not None:
                self.wfile.write(json.dumps(page).encode() + b"\n")

        def log_message(self, *_: object) -> None:
            pass

    return Handler
