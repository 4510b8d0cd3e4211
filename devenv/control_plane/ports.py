"""Free TCP ports that stay free."""

import itertools
import random
import socket

# Below the range from which Linux (32768) and macOS (49152) take ports for outgoing connections: a server that is
# stopped for a while must find its port free when it starts again.
_FIRST, _LAST = 20000, 32000


def free_ports(count: int) -> list[int]:
    """Different ports on 127.0.0.1 that nobody listens on, outside the range of outgoing connections."""
    candidates = random.sample(range(_FIRST, _LAST), k=_LAST - _FIRST)
    return list(itertools.islice(filter(_is_free, candidates), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
