"""Bad days of the API server, each of which is over when its block ends: the tests share one control plane."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from devenv.control_plane import ControlPlane
from devenv.waiting import wait_until


@contextmanager
def api_server_down(control_plane: ControlPlane) -> Iterator[None]:
    """It has ended: connections are lost, new ones refused."""
    control_plane.stop_api_server()
    try:
        yield
    finally:
        control_plane.start_api_server()


@contextmanager
def api_server_hanging(control_plane: ControlPlane) -> Iterator[None]:
    """Connections stay open and nothing answers."""
    control_plane.pause_api_server()
    try:
        yield
    finally:
        control_plane.resume_api_server()


@contextmanager
def store_down(control_plane: ControlPlane) -> Iterator[None]:
    """The API server is there and answers errors."""
    control_plane.stop_etcd()
    try:
        yield
    finally:
        control_plane.start_etcd()


@contextmanager
def power_lost(control_plane: ControlPlane, at_least_s: float) -> Iterator[None]:
    """API server and etcd are gone at once, for at least so many seconds in all."""
    began = time.monotonic()
    control_plane.lose_power()
    try:
        yield
        wait_until(
            lambda: time.monotonic() - began >= at_least_s, at_least_s + 1, f"{at_least_s} s without a control plane"
        )
    finally:
        control_plane.restore_power()


@contextmanager
def cut_off(control_plane: ControlPlane) -> Iterator[None]:
    """The operator does not reach the API server, and everybody else does: a network policy, say."""
    control_plane.proxy.refuse()
    control_plane.cut_watches()
    try:
        yield
    finally:
        control_plane.proxy.accept()
