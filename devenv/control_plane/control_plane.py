"""One control plane: etcd and kube-apiserver in a fresh folder, on free loopback ports, leaving nothing behind."""

import contextlib
import itertools
import os
import re
import shutil
import ssl
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from devenv.control_plane import audit, certificates
from devenv.control_plane.binaries import Binaries, ensure_binaries
from devenv.control_plane.foreign_page import ForeignPage, Page
from devenv.control_plane.kubeconfig import write_kubeconfig
from devenv.control_plane.kubectl import Kubectl
from devenv.control_plane.ports import free_ports
from devenv.control_plane.probe import answers_ok
from devenv.control_plane.proxy import CuttableProxy
from devenv.control_plane.server_process import Lifeline, ServerProcess
from devenv.control_plane.servers import (
    AUDIT_LOG,
    CERTIFICATE_FOLDER,
    api_server_command,
    etcd_command,
    write_certificates,
)
from devenv.waiting import wait_until

ADMIN_USER = "devenv-admin"
ADMIN_GROUP = "system:masters"
_DEFAULT_NAMESPACE_DEADLINE_S = 30.0
# The API server would wait a minute for open watches, long after it has stopped listening; it holds no data to lose.
_API_SERVER_STOP_DEADLINE_S = 3.0
_ETCD_STOP_DEADLINE_S = 20.0
# Soft limits, some way above what they need when idle (42 and 280 MB): from there on the collector works harder.
_GO_MEMORY = {"etcd": "256MiB", "kube-apiserver": "768MiB"}


class ControlPlane:
    """A context manager; its attributes are set once `start()` has returned. Not for several threads at once.

    `url` is https://127.0.0.1:PORT. `admin_kubeconfig` may do everything and is not audited. `kubectl` is the program
    that fits the server. `folder` holds logs and data, and is removed at the end. The servers also end, and the folder
    also goes, when this process is killed.
    """

    def __init__(self, binaries: Binaries | None = None) -> None:
        """Without `binaries` they are found, fetched or built at the start. Nothing runs yet."""
        self._given_binaries = binaries
        self._undo = contextlib.ExitStack()
        self._numbers = itertools.count(1)

    def start(self) -> Self:
        """Start both servers and wait until they are ready.

        Raises BinariesMissingError, or NotReadyError with the last log lines of the server that did not come up.
        """
        with contextlib.ExitStack() as undo:
            self._start(self._given_binaries or ensure_binaries(), undo)
            self._undo = undo.pop_all()
        return self

    def stop(self) -> None:
        """End both servers at once, as their data is thrown away, and remove the folder. May be called again."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def as_admin(self) -> Kubectl:
        """kubectl as a function, by default with the rights of an administrator."""
        return Kubectl(self.kubectl, self.admin_kubeconfig, self.folder / "kubectl-cache")

    def kubeconfig_for(
        self,
        user: str,
        groups: Sequence[str] = (),
        namespace: str = "default",
        via_proxy: bool = False,
        network: CuttableProxy | None = None,
    ) -> Path:
        """A kubeconfig for a user of any name, such as system:serviceaccount:NAMESPACE:NAME, in the given groups.

        The user may do only what RBAC grants (the API server adds system:authenticated itself). `namespace` is where
        kubectl looks by default. With `via_proxy` the connections are those that `cut_watches()` cuts; with a `network`
        of its own (see `new_network`) they can be cut without anybody else's.
        """
        # Numbered: users whose names differ only in what a file name cannot hold must not get each other's file.
        name = f"{next(self._numbers)}-{re.sub(r'[^A-Za-z0-9.-]+', '-', user)}.yaml"
        return write_kubeconfig(
            self.folder / "kubeconfigs" / name,
            network.url if network is not None else self.proxy.url if via_proxy else self.url,
            self._authorities.serving.certificate_pem,
            certificates.issue_user(self._authorities.users, user, groups),
            namespace,
        )

    def new_network(self) -> CuttableProxy:
        """A further way to the API server, to be used as a context manager."""
        return CuttableProxy(self._port)

    def foreign_page(self, page: Page) -> ForeignPage:
        """A server that clients take for the API server; lead a way to it with `CuttableProxy.divert(its port)`."""
        folder = self.folder / CERTIFICATE_FOLDER
        return ForeignPage(page, (folder / "apiserver.crt", folder / "apiserver.key"))

    def audit_events(self) -> list[dict[str, Any]]:
        """What users other than administrators asked for so far: audit.k8s.io/v1 Events at Metadata level, in order.

        An event is written just after its answer was sent, so wait for it rather than look once.
        """
        return audit.read_events(self.folder / AUDIT_LOG)

    def stop_api_server(self) -> None:
        """End the API server: within seconds its clients lose their watches, and new connections are refused."""
        self._api_server.stop(_API_SERVER_STOP_DEADLINE_S)

    def start_api_server(self) -> None:
        """Start it again on the same port with the same data, and wait until it is ready."""
        self._api_server.start()

    def pause_api_server(self) -> None:
        """Let it hang: connections stay open, new ones are taken by the kernel, nothing answers."""
        self._api_server.pause()

    def resume_api_server(self) -> None:
        """Let it go on where it was, and wait until it is ready."""
        self._api_server.resume()
        self._api_server.wait_ready()

    def stop_etcd(self) -> None:
        """End etcd: the API server stays up and answers errors to whatever it has no cache for."""
        self._etcd.stop(_ETCD_STOP_DEADLINE_S)

    def start_etcd(self) -> None:
        """Start it again with the same data, and wait until the API server, if that runs, is ready again too."""
        self._etcd.start()
        if self._api_server.is_running and not self._api_server.is_paused:
            self._api_server.wait_ready()

    def lose_power(self) -> None:
        """Kill both servers at once, as the machine that they run on would: without notice, with nothing finished."""
        self._api_server.kill()
        self._etcd.kill()

    def restore_power(self) -> None:
        """Start both again with the same data, and wait until both are ready."""
        self._etcd.start()
        self._api_server.start()

    def cut_watches(self) -> int:
        """Cut every connection made with a `via_proxy` kubeconfig, watches among them; returns how many were open.

        The API server keeps running and new connections are taken at once. `proxy.refuse()` stops those as well.
        """
        return self.proxy.cut()

    @property
    def failure(self) -> str | None:
        """Which server has ended by itself, with the last lines of its log; None while both are as they should be."""
        for server in (self._etcd, self._api_server):
            if server.has_ended_by_itself:
                return f"{server.name} has ended\n{server.last_log_lines()}"
        return None

    def _start(self, binaries: Binaries, undo: contextlib.ExitStack) -> None:
        self.kubectl = binaries.kubectl
        self.folder = Path(tempfile.mkdtemp(prefix="sfn-rollouts-control-plane-"))
        undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._lifeline = Lifeline(self.folder)
        undo.callback(self._lifeline.end)

        port, etcd_port, peer_port = free_ports(3)
        self._port = port
        self.url = f"https://127.0.0.1:{port}"
        self.proxy = undo.enter_context(CuttableProxy(port))
        self._authorities = write_certificates(self.folder)
        self.admin_kubeconfig = self.kubeconfig_for(ADMIN_USER, [ADMIN_GROUP])

        self._etcd = self._etcd_server(binaries.etcd, etcd_port, peer_port)
        self._api_server = self._api_server_server(binaries.kube_apiserver, port, etcd_port)
        for server in (self._etcd, self._api_server):
            undo.callback(server.kill)
            server.start()
        wait_until(self._has_default_namespace, _DEFAULT_NAMESPACE_DEADLINE_S, "the namespace default to exist")

    def _etcd_server(self, program: Path, port: int, peer_port: int) -> ServerProcess:
        command = etcd_command(program, self.folder, port, peer_port)
        return self._server("etcd", command, lambda: answers_ok(port, "/health"))

    def _api_server_server(self, program: Path, port: int, etcd_port: int) -> ServerProcess:
        command = api_server_command(program, self.folder, port, etcd_port)
        tls = ssl.create_default_context(cadata=self._authorities.serving.certificate_pem.decode())
        return self._server("kube-apiserver", command, lambda: answers_ok(port, "/readyz", tls))

    def _server(self, name: str, command: Sequence[str], is_ready: Callable[[], bool]) -> ServerProcess:
        environment = {"PATH": os.environ.get("PATH", ""), "GOMEMLIMIT": _GO_MEMORY[name]}
        return ServerProcess(
            name, command, environment, self.folder / f"{name}.log", is_ready=is_ready, lifeline=self._lifeline
        )

    def _has_default_namespace(self) -> bool:
        """The API server makes it a moment after it says that it is ready."""
        return self.as_admin()("get", "namespace", "default", check=False).returncode == 0
