"""Published versions."""

from sfn_rollouts.core.values.arn import AliasArn
from sfn_rollouts.core.values.looks import FindVersion
from sfn_rollouts.core.values.readings import VersionFound, VersionReading
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.ports import Urgency, VersionCatalog


def versions_source(catalog: VersionCatalog) -> Source:
    """Answers `FindVersion`."""

    def find(alias: AliasArn, look: FindVersion, _: Urgency) -> VersionReading:
        return catalog.find(alias.machine, look.version)

    return Source(find, is_lacking=_is_lacking)


def _is_lacking(answer: object) -> bool:
    """Somebody must publish it first."""
    return isinstance(answer, VersionReading) and answer.found is not VersionFound.FOUND
