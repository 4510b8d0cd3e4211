"""Commands that mean the same before the first step and after it: pause, resume and retry."""

from sfn_rollouts.api.status import PauseCommand
from sfn_rollouts.core.case import Case
from sfn_rollouts.core.values.commands import Action, Command


def obey_anywhere(case: Case) -> Case:
    """Carry out or refuse one of these; any other command stays to be answered."""
    match case.command:
        case Command(action=Action.PAUSE, id=command_id, by=by):
            pause = PauseCommand(id=command_id, by=by, at=case.now)
            return case.with_status(pause_command=pause).done("paused: the next step is held, alarms stay watched")
        case Command(action=Action.RESUME):
            return _resumed(case)
        case Command(action=Action.RETRY):
            return case.refusing("nothing to retry: the rollout has not ended")
        case _:
            return case


def _resumed(case: Case) -> Case:
    if case.spec.paused:
        return case.refusing("spec.paused is true: set it to false in the manifest")
    if case.status.pause_command is None:
        return case.refusing("nothing was paused by a command; promote ends a wait")
    return case.with_status(pause_command=None).done("resumed; the step's clock never stopped")
