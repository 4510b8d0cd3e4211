"""The simulated API server where it does as a real one what no scenario asks of it: pruning, and others' finalizers."""

import pytest

from sfn_rollouts.api import FINALIZER
from sfn_rollouts.errors import Conflict
from sfn_rollouts.ports import Key
from sfn_rollouts.sim.api_server import ApiServer
from sfn_rollouts.sim.timeline import Timeline

KEY = Key("shop", "orders")
STATUS = {"phase": "Progressing", "planHash": "2-abc"}


@pytest.fixture
def server() -> ApiServer:
    server = ApiServer(Timeline())
    server.create(KEY, {"version": 2, "paused": None})
    return server


def version(server: ApiServer) -> str:
    return str(server.get(KEY)["metadata"]["resourceVersion"])


def test_a_null_is_no_field_of_the_spec(server: ApiServer) -> None:
    assert server.get(KEY)["spec"] == {"version": 2}
    assert server.edit(KEY, {"version": None, "alias": "live"})["spec"] == {"alias": "live"}


def test_fields_that_the_crd_does_not_know_are_hidden_until_it_does(server: ApiServer) -> None:
    server.set_status(KEY, version(server), STATUS)
    server.unknown_fields = {"planHash"}
    assert [each["status"] for each in (server.get(KEY), *server.list())] == [{"phase": "Progressing"}] * 2
    server.unknown_fields = ()
    assert server.get(KEY)["status"] == STATUS


def test_any_write_takes_them_away_for_good(server: ApiServer) -> None:
    server.set_status(KEY, version(server), STATUS)
    server.unknown_fields = {"planHash"}
    server.touch(KEY)
    server.unknown_fields = ()
    assert server.get(KEY)["status"] == {"phase": "Progressing"}


def test_they_are_not_stored_and_the_same_again_writes_nothing(server: ApiServer) -> None:
    shown = []
    server.watchers.append(lambda resource, is_gone: shown.append(resource["status"]))
    server.unknown_fields = {"planHash"}
    first = server.set_status(KEY, version(server), STATUS)
    assert server.set_status(KEY, version(server), STATUS) == first
    server.unknown_fields = ()
    assert server.get(KEY) == first
    assert shown == [first["status"]] == [{"phase": "Progressing"}]


def test_the_last_finalizer_taken_from_a_deleted_resource_removes_it(server: ApiServer) -> None:
    server.set_finalizer(KEY, version(server), wanted=True)
    server.set_finalizers(KEY, [FINALIZER, "example.com/other"])
    server.delete(KEY)
    server.set_finalizer(KEY, version(server), wanted=False)
    assert server.get(KEY)["metadata"]["finalizers"] == ["example.com/other"]
    server.set_finalizers(KEY, [])
    assert server.find(KEY) is None


def test_a_write_of_what_has_changed_since_is_a_conflict(server: ApiServer) -> None:
    read = version(server)
    server.touch(KEY)
    with pytest.raises(Conflict):
        server.set_status(KEY, read, STATUS)
    with pytest.raises(Conflict):
        server.set_finalizer(KEY, read, wanted=True)
