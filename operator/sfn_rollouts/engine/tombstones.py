"""Resources that are gone: the watch may still tell of how they were, and that must not bring them back."""

from collections import OrderedDict

_REMEMBERED = 4096


class Tombstones:
    """Remembers the uids that went last; Kubernetes never uses one again."""

    def __init__(self) -> None:
        self._uids: OrderedDict[str, None] = OrderedDict()

    def add(self, uid: str) -> None:
        """It is gone."""
        self._uids[uid] = None
        if len(self._uids) > _REMEMBERED:
            self._uids.popitem(last=False)

    def __contains__(self, uid: str) -> bool:
        return uid in self._uids
