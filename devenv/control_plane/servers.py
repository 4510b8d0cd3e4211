"""The command lines of etcd and kube-apiserver, after controller-runtime's envtest."""

from dataclasses import dataclass
from pathlib import Path

from devenv.control_plane import audit, certificates

CERTIFICATE_FOLDER = "certificates"
AUDIT_LOG = "audit.log"


@dataclass(frozen=True)
class Authorities:
    """Who vouches for the API server, and who for its users."""

    serving: certificates.Credential
    users: certificates.Credential


def etcd_command(etcd: Path, folder: Path, client_port: int, peer_port: int) -> list[str]:
    client_url, peer_url = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        str(etcd),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={client_url}",
        f"--advertise-client-urls={client_url}",
        f"--listen-peer-urls={peer_url}",
        "--unsafe-no-fsync=true",  # the data is thrown away; a slow disk would only make elections time out
    ]


def api_server_command(kube_apiserver: Path, folder: Path, port: int, etcd_port: int) -> list[str]:
    certs = folder / CERTIFICATE_FOLDER
    return [
        str(kube_apiserver),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--cert-dir={certs}",  # apiserver.crt and apiserver.key are found there by their names
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--client-ca-file={certs / 'users-ca.crt'}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--disable-admission-plugins=ServiceAccount",  # no controller makes the account without which it refuses pods
        f"--service-account-issuer=https://127.0.0.1:{port}/",
        f"--service-account-key-file={certs / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={certs / 'service-accounts.key'}",
        "--endpoint-reconciler-type=none",  # a loopback address is refused as an endpoint, which would fill the log
        "--enable-priority-and-fairness=false",  # tests must not be queued behind each other
        f"--audit-policy-file={audit.write_policy(folder / 'audit-policy.yaml')}",
        f"--audit-log-path={folder / AUDIT_LOG}",
        "--audit-log-maxsize=4096",  # megabytes; a rotated log would lose events to its reader
        "--v=0",
    ]


def write_certificates(folder: Path) -> Authorities:
    """Write what the API server reads from its certificate folder, and return the authorities that sign users."""
    authorities = Authorities(certificates.new_authority("serving"), certificates.new_authority("users"))
    serving = certificates.issue_serving(authorities.serving)
    service_accounts = certificates.new_key()
    files = {
        "apiserver.crt": serving.certificate_pem,
        "apiserver.key": serving.key_pem,
        "serving-ca.crt": authorities.serving.certificate_pem,
        "users-ca.crt": authorities.users.certificate_pem,
        "service-accounts.key": certificates.private_pem(service_accounts),
        "service-accounts.pub": certificates.public_pem(service_accounts),
    }
    (folder / CERTIFICATE_FOLDER).mkdir(mode=0o700)
    for name, content in files.items():
        (folder / CERTIFICATE_FOLDER / name).write_bytes(content)
    return authorities
