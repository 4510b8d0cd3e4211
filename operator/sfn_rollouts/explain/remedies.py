"""What a person must do about a stalled rollout: a row for each reason of the runbook that stalls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sfn_rollouts.explain.ownership import owner_of
from sfn_rollouts.explain.rollout import Rollout
from sfn_rollouts.printable import word


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A command to run, and its effect."""

    command: str
    effect: str


@dataclass(frozen=True, slots=True)
class NextUp:
    """What happens next. `suggestions` are alternatives, most likely first; `runbook` is a heading there."""

    sentence: str
    suggestions: tuple[Suggestion, ...] = ()
    runbook: str = ""


def command(rollout: Rollout, action: str) -> str:
    """Return what to type to have something done to this rollout, whatever the kubeconfig's namespace is."""
    verb, _, arguments = action.partition(" ")
    return f"kubectl sfnrollout {verb} {word(rollout.name)} {arguments}".rstrip() + f" -n {word(rollout.namespace)}"


def _rolled_back(rollout: Rollout) -> NextUp:
    suggestions = (
        Suggestion(command(rollout, "retry"), f"try version {rollout.target} again"),
        _another_version(rollout),
    )
    return NextUp("nothing by itself: fix the cause, then try again or ask for another version", suggestions)


def _another_version(rollout: Rollout) -> Suggestion:
    if owner_of(rollout) is not None:
        return Suggestion("git revert COMMIT", "or ask for another spec.version in Git")
    return Suggestion(command(rollout, "set-version VERSION"), "ask for another version")


def _rollback_failed(rollout: Rollout) -> NextUp:
    sentence = "it is tried again by itself, but the alias may be split: act now"
    return NextUp(sentence, (routed_back(rollout),))


def _invalid(_: Rollout) -> NextUp:
    return NextUp(
        "nothing until the manifest is corrected", (Suggestion("kubectl sfnrollout lint FILE", "reports the same"),)
    )


def _not_found(rollout: Rollout) -> NextUp:
    if rollout.started_at is not None:
        return _gone(rollout)
    versions = f"aws stepfunctions list-state-machine-versions --state-machine-arn {word(rollout.machine_arn)}"
    sentence = "it goes on by itself, within 5 minutes, once this is there"
    return NextUp(sentence, (Suggestion(versions, "what there is"), _another_version(rollout)))


def _gone(rollout: Rollout) -> NextUp:
    """It had begun: what was there has been deleted since."""
    machine = f"aws stepfunctions describe-state-machine --state-machine-arn {word(rollout.machine_arn)}"
    is_there = Suggestion(machine, "whether the state machine is there")
    if rollout.is_in_flight:
        return NextUp("nothing until the alias is there again; the message says how to create it", (is_there,))
    again = Suggestion(command(rollout, "retry"), f"try version {rollout.target} again")
    return NextUp("nothing by itself: create what is gone, then try again", (is_there, again))


def _denied(_: Rollout) -> NextUp:
    return NextUp("it goes on by itself, within 5 minutes, once the operator's IAM role allows it")


def _foreign_account(_: Rollout) -> NextUp:
    suggestion = Suggestion(
        "kubectl sfnrollout lint FILE", "checks a manifest with the right stateMachineArn before it is applied"
    )
    return NextUp("nothing with the credentials that this operator has: the state machine is not theirs", (suggestion,))


def _not_granted(rollout: Rollout) -> NextUp:
    sentence = "it goes on by itself once exactly one AWSAccess matches; whoever writes AWSAccesses has to see to that"
    return NextUp(sentence, (Suggestion(command(rollout, "access"), "what matches, and what would"),))


def _unknown_region(_: Rollout) -> NextUp:
    suggestion = Suggestion("aws ec2 describe-regions --query 'Regions[].RegionName'", "what regions there are")
    return NextUp("nothing until the operator knows the region, or the resource names another", (suggestion,))


def _split(rollout: Rollout) -> NextUp:
    suggestion = Suggestion(_routing(rollout, ((None, 100),)), "route it to one version")
    return NextUp(
        "it goes on by itself once the alias serves one version, or spec.stableVersion names one side", (suggestion,)
    )


def _preflight(rollout: Rollout) -> NextUp:
    """A function, a role or an alarm is put right outside; what the version itself calls needs another version.

    An execution has ended as it has: only a person can ask for another one.
    """
    sentence = "it goes on by itself, within 5 minutes, once what it calls or may do is put right"
    if any(each.check == "smoke" and each.verdict == "Failed" for each in rollout.preflight):
        sentence = "nothing by itself: put right what the smoke execution met, then run another one"
        return NextUp(sentence, (Suggestion(command(rollout, "retry"), "run another one"), _another_version(rollout)))
    looked = Suggestion(command(rollout, "preflight"), "all that is found, by your own AWS credentials")
    if rollout.is_in_flight:
        return NextUp(sentence, (looked,))
    again = Suggestion(command(rollout, "retry"), "look again at once")
    return NextUp(sentence, (looked, again, _another_version(rollout)))


def _conflict(rollout: Rollout) -> NextUp:
    suggestion = Suggestion(
        "kubectl get sfnrollouts -A -o wide", f"who else manages alias {rollout.alias} of {rollout.machine}"
    )
    return NextUp("nothing while another resource manages the alias: delete one of the two", (suggestion,))


def _drifted(rollout: Rollout) -> NextUp:
    if rollout.phase == "RollingBack":
        sentence = "nothing: somebody put all traffic on one version, and that is left alone"
        return NextUp(sentence, (routed_back(rollout), _another_version(rollout)))
    if not rollout.is_in_flight:
        return NextUp("nothing until the alias is routed back", (_as_left(rollout), _another_version(rollout)))
    return NextUp("nothing until the alias is routed back", (_as_left(rollout),))


def _alarm_missing() -> NextUp:
    sentence = "it starts by itself once the alarm is there; it is looked for at each poll"
    return NextUp(sentence, (Suggestion("aws cloudwatch describe-alarms --query '*[].AlarmName'", "what there is"),))


def _judged(rollout: Rollout) -> NextUp:
    """Held in flight it needs a person; else it is why a rollout went back."""
    if not rollout.is_in_flight:
        return _rolled_back(rollout)
    promote = Suggestion(command(rollout, "promote"), "go on in spite of it: you have looked at the executions")
    return NextUp("nothing until somebody has looked at the target's executions", (promote,))


def _internal(_: Rollout) -> NextUp:
    return NextUp("it is tried again by itself; the operator's log has the details")


def _alarm(rollout: Rollout) -> NextUp:
    """A missing alarm stalls the start; any other finding is why a rollout went back."""
    is_before_start = rollout.phase == "Pending" and rollout.reason == "AlarmMissing"
    return _alarm_missing() if is_before_start else _rolled_back(rollout)


REMEDIES: Mapping[str, Callable[[Rollout], NextUp]] = {
    "AlarmFiring": _alarm,
    "AlarmTransient": _alarm,
    "AlarmMissing": _alarm,
    "AlarmInsufficientData": _alarm,
    "AlarmUnevaluated": _alarm,
    "AlarmUnreadable": _alarm,
    "VersionWorse": _judged,
    "VersionSlower": _judged,
    "ProgressDeadlineExceeded": _rolled_back,
    "ApprovalTimedOut": _rolled_back,
    "Aborted": _rolled_back,
    "AliasAdopted": _rolled_back,
    "InvalidSpec": _invalid,
    "NotFound": _not_found,
    "AccessDenied": _denied,
    "AccessNotGranted": _not_granted,
    "AccessAmbiguous": _not_granted,
    "ForeignAccount": _foreign_account,
    "UnknownRegion": _unknown_region,
    "AliasSplit": _split,
    "PreflightFailed": _preflight,
    "AliasConflict": _conflict,
    "AliasDrifted": _drifted,
    "RollbackFailed": _rollback_failed,
    "InternalError": _internal,
}


def routed_back(rollout: Rollout) -> Suggestion:
    """By hand, all traffic on the stable version; the operator respects it."""
    return Suggestion(_routing(rollout, ((rollout.stable, 100),)), f"all traffic on version {rollout.stable}")


def _as_left(rollout: Rollout) -> Suggestion:
    return Suggestion(_routing(rollout, rollout.routing or ((rollout.stable, 100),)), "as this rollout left it")


def _routing(rollout: Rollout, routing: tuple[tuple[int | None, int], ...]) -> str:
    entries = (word(f"stateMachineVersionArn={rollout.machine_arn}:{number or 'VERSION'},weight={weight}")
               for number, weight in routing)  # fmt: skip
    alias = word(f"{rollout.machine_arn}:{rollout.alias}")
    return " ".join(
        [
            f"aws stepfunctions update-state-machine-alias --state-machine-alias-arn {alias} --routing-configuration",
            *entries,
        ]
    )
