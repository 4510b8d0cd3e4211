"""Operators at work, call by call: what is asked of AWS and of the API server, when, how urgently, how often.

Each story has its diary in `transcripts/`. A changed pace, order or lane shows there as a difference to be read.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sfn_rollouts.api.status import AlarmState
from sfn_rollouts.core.values.readings import VersionFound
from sfn_rollouts.core.values.routing import Routing
from sfn_rollouts.errors import Conflict, Denied, Gone, Transient
from tests.engine.transcripts import FOLDER, Diary, diary, path_of
from tests.engine.world import spec

FIRING, OK = AlarmState.ALARM, AlarmState.OK
GENTLER = {"steps": [{"setWeight": 5}, {"pause": {"duration": "2m"}}]}
THROTTLED = Transient("throttled", retry_after_s=7.0)


def begin(world: Diary, **fields: Any) -> None:
    """A resource is created."""
    world.note("a resource is created")
    world.api.apply("orders", spec(**fields))


def fires(world: Diary) -> None:
    """The alarm fires."""
    world.note("the alarm fires")
    world.cloud.set_alarm("errors", FIRING)


def promoted(world: Diary) -> None:
    begin(world)
    world.run_for(200)


def rolled_back(world: Diary) -> None:
    begin(world)
    world.at(30, lambda: fires(world))
    world.run_for(100)


def fired_unseen(world: Diary) -> None:
    begin(world)
    world.at(31, lambda: fires(world))
    world.at(32, lambda: world.cloud.set_alarm("errors", OK))
    world.run_for(100)


def failing(call: str, error: Exception, times: int) -> Callable[[Diary], None]:
    """A canary with an alarm at 90 s, while calls of one kind fail."""

    def live(world: Diary) -> None:
        (world.api.faults if call in ("report", "get") else world.cloud.faults).add(call, error, times)
        begin(world)
        world.at(90, lambda: fires(world))
        world.run_for(400)

    return live


def failing_on_the_way_back(error: Exception, times: int) -> Callable[[Diary], None]:
    def live(world: Diary) -> None:
        begin(world)
        world.at(30, lambda: fires(world))
        world.at(30, lambda: world.cloud.faults.add("shift", error, times))
        world.run_for(200)

    return live


def failing_at_rest(call: str, error: Exception) -> Callable[[Diary], None]:
    def live(world: Diary) -> None:
        begin(world, strategy={"allAtOnce": {}}, bakeTime="0s")
        world.run_for(30)
        world.cloud.faults.add(call, error, 4)
        world.run_for(3000)

    return live


def failing_count(error: Exception) -> Callable[[Diary], None]:
    def live(world: Diary) -> None:
        world.cloud.faults.add("running", error, 9)
        begin(world, strategy={"allAtOnce": {}}, bakeTime="0s")
        world.run_for(300)

    return live


def no_version(world: Diary) -> None:
    world.cloud.versions[2] = VersionFound.NO_VERSION
    begin(world)
    world.run_for(300)


def stale(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.cloud.stale_reads = 6
    fires(world)
    world.run_for(60)


def api_server_down(world: Diary) -> None:
    begin(world)
    world.run_for(20)
    world.api.is_down = True
    world.at(10, lambda: fires(world))
    world.run_for(40)
    world.api.is_down = False
    world.run_for(60)


def written_by_somebody_else(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.api.write_status("orders", message="mine")
    world.run_for(40)


def an_older_crd(world: Diary) -> None:
    world.api.unknown_fields = {"dueSince", "shortcut"}
    begin(world)
    world.run_for(150)


def edited(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.note("the steps are edited")
    world.api.apply("orders", spec(strategy=GENTLER))
    world.run_for(10)
    world.note("the bake is edited")
    world.api.apply("orders", spec(strategy=GENTLER, bakeTime="9m"))
    world.run_for(10)
    world.note("the operator is restarted, and the steps are edited meanwhile")
    world.api.apply("orders", spec(strategy={"canary": {"weight": 10, "interval": "1h"}}))
    world.restart(down_s=20)
    world.run_for(60)


def drifted(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.note("somebody routes the alias")
    world.cloud.route(Routing.split(1, 7, 50))
    world.run_for(700)


def deleted(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.note("the resource is deleted")
    world.api.delete("orders")
    world.run_for(60)


def restarted(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.note("the operator is restarted")
    world.restart(down_s=20)
    world.run_for(60)


def draining(world: Diary) -> None:
    begin(world)
    world.run_for(59)
    world.note("the operator begins to stop")
    world.engine.drain()
    world.run_for(20)
    fires(world)
    world.run_for(20)


def rivals(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.note("another resource names the same alias")
    world.api.apply("younger", spec())
    world.run_for(130)
    world.note("the older one is deleted")
    world.api.delete("orders")
    world.run_for(60)


def standing_by(world: Diary) -> None:
    world.stands_by = True
    world.restart()
    begin(world)
    world.run_for(30)
    world.note("it becomes the leader")
    world.engine.lead()
    world.run_for(30)


def swept(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.note("the watch misses a change and a deletion")
    world.api.is_watch_cut = True
    world.api.apply("orders", spec(3))
    world.run_for(10)
    world.sweep()
    world.run_for(10)
    world.api.drop("orders")
    world.sweep()
    world.run_for(10)


def invalid(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.note("the spec makes no sense any more")
    world.api.apply("orders", spec(bakeTime="never"))
    world.run_for(60)


def paused(world: Diary) -> None:
    begin(world)
    world.run_for(10)
    world.api.command("orders", id="1", action="pause")
    world.run_for(700)
    world.api.command("orders", id="2", action="resume")
    world.run_for(60)


STORIES: Mapping[str, Callable[[Diary], None]] = {
    "a canary": promoted,
    "an alarm fires": rolled_back,
    "an alarm fired unseen": fired_unseen,
    "the alias cannot be read": failing("read", Transient("503"), 8),
    "the alias may not be read": failing("read", Denied("no"), 4),
    "the version cannot be found out": failing("find", Transient("503"), 8),
    "finding the version is throttled": failing("find", THROTTLED, 3),
    "the alarms cannot be read": failing("alarms", Transient("503"), 8),
    "the alarms may not be read": failing("alarms", Denied("no"), 4),
    "reading the alarms is throttled": failing("alarms", THROTTLED, 3),
    "the alias cannot be written": failing("shift", Transient("503"), 8),
    "the alias may not be written": failing("shift", Denied("no"), 4),
    "writing the alias is throttled": failing("shift", THROTTLED, 3),
    "writing the alias meets a defect": failing("shift", ValueError("a defect"), 3),
    "the alias cannot be put back": failing_on_the_way_back(Transient("503"), 12),
    "the alias may not be put back": failing_on_the_way_back(Denied("no"), 4),
    "a report cannot be made": failing("report", Transient("503"), 12),
    "a report is denied": failing("report", Denied("no"), 4),
    "a report meets a conflict": failing("report", Conflict("changed"), 4),
    "a report meets a defect": failing("report", ValueError("a defect"), 3),
    "a resource is gone when it is reported": failing("report", Gone("gone"), 2),
    "executions cannot be counted": failing_count(Transient("503")),
    "executions may not be counted": failing_count(Denied("no")),
    "the alias cannot be read at rest": failing_at_rest("read", Transient("503")),
    "the alias may not be read at rest": failing_at_rest("read", Denied("no")),
    "no such version": no_version,
    "stale answers": stale,
    "the API server is down": api_server_down,
    "somebody else writes the status": written_by_somebody_else,
    "an older CRD": an_older_crd,
    "edited steps": edited,
    "a drift": drifted,
    "deleted in flight": deleted,
    "restarted": restarted,
    "draining": draining,
    "rivals": rivals,
    "standing by": standing_by,
    "what the watch missed": swept,
    "an invalid spec": invalid,
    "paused": paused,
}


@pytest.mark.parametrize("name", STORIES)
def test_transcript(name: str) -> None:
    assert diary(name) == path_of(name).read_text()


def test_each_diary_has_its_story() -> None:
    assert {path.name for path in FOLDER.glob("*.txt")} == {path_of(name).name for name in STORIES}


if __name__ == "__main__":  # writes all again; read the difference
    for name in STORIES:
        path_of(name).write_text(diary(name))
