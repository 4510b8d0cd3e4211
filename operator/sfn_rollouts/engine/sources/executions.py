"""Running executions."""

from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import CountRunning
from sfn_rollouts.core.values.readings import RunningExecutions
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.errors import Gone
from sfn_rollouts.ports import Urgency, VersionCatalog

TRIES = 5
"""Counting executions is worth a few tries: what could not be counted is said once and for all."""


def executions_source(catalog: VersionCatalog) -> Source:
    """Answers `CountRunning`; Express machines never can be counted."""

    def count(alias: AliasArn, look: CountRunning, _: Urgency) -> RunningExecutions:
        counted = catalog.running(alias.machine, look.version)
        if counted is None:
            raise Gone("AWS does not list executions of Express state machines")
        return counted

    return Source(count, tries=TRIES, is_kept=False)
