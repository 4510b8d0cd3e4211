"""One file for each kind of look: by which lane it goes, how urgent it is, and the call that answers it.

To add one: the look in `core/values/looks.py`, its source here, and a row in `sources`.
"""

from collections.abc import Mapping
from typing import Any

from sfn_rollouts.core.values.looks import CountRunning, FindVersion, Look, ReadAlias
from sfn_rollouts.engine.sources.alias import alias_source
from sfn_rollouts.engine.sources.executions import executions_source
from sfn_rollouts.engine.sources.source import Source
from sfn_rollouts.engine.sources.versions import versions_source
from sfn_rollouts.ports import AliasRouter, Clock, VersionCatalog

Sources = Mapping[type[Look[Any]], Source]


def sources(router: AliasRouter, catalog: VersionCatalog, clock: Clock) -> Sources:
    """Return who answers which kind of look, in the order in which the looks of one decision begin."""
    return {
        ReadAlias: alias_source(router, clock),
        FindVersion: versions_source(catalog),
        CountRunning: executions_source(catalog),
    }
