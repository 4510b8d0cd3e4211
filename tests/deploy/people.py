"""Two people and the policies of deploy/policies, in force in one namespace only: other tests share the API server.

The editor has what the built-in role edit gives for rollouts, the approver what deploy/policies/approver.yaml gives.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import yaml

from devenv.control_plane import ControlPlane, Kubectl
from devenv.waiting import wait_until

DEPLOY = Path(__file__).parents[2] / "deploy"
COMMAND = "sfnrollouts.dev/command"
IN_FORCE_DEADLINE_S = 60.0
_PROBE = "probe"

Manifest = dict[str, Any]
Answer = CompletedProcess[str]


@dataclass(frozen=True)
class Person:
    """Somebody with a kubectl of their own. `name` is the user name that the API server knows."""

    name: str
    namespace: str
    kubectl: Kubectl
    kubeconfig: Path | None = None

    def patch(self, rollout: str, body: str, *flags: str) -> Answer:
        """Merge into the rollout; the answer tells whether it was taken."""
        return self._ask("patch", "sfnr", rollout, "--type=merge", "-p", body, *flags)

    def command(self, rollout: str, text: str, *flags: str) -> Answer:
        """Write any text as a command."""
        return self._ask("annotate", "--overwrite", "sfnr", rollout, f"{COMMAND}={text}", *flags)

    def remove_command(self, rollout: str) -> Answer:
        return self._ask("annotate", "sfnr", rollout, f"{COMMAND}-")

    def label(self, rollout: str, label: str) -> Answer:
        return self._ask("label", "--overwrite", "sfnr", rollout, label)

    def replace(self, manifest: Manifest) -> Answer:
        """Update it as a whole."""
        return self._ask("replace", "-f", "-", stdin=yaml.safe_dump(manifest))

    def apply_server_side(self, manifest: Manifest) -> Answer:
        return self._ask("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(manifest))

    def create(self, manifest: Manifest) -> Answer:
        return self._ask("create", "-f", "-", stdin=yaml.safe_dump(manifest))

    def get(self, rollout: str) -> Manifest:
        found: Manifest = yaml.safe_load(self._ask("get", "sfnr", rollout, "-o", "yaml").stdout)
        return found

    def _ask(self, *arguments: str, stdin: str | None = None) -> Answer:
        return self.kubectl(*arguments, "-n", self.namespace, kubeconfig=self.kubeconfig, stdin=stdin, check=False)


@dataclass(frozen=True)
class People:
    """Who is there while the policies are in force."""

    editor: Person
    approver: Person
    administrator: Person


@contextmanager
def policies_in_force(control_plane: ControlPlane, namespace: str) -> Iterator[People]:
    """The shipped policies and roles, under other names and for this namespace alone."""
    admin = control_plane.as_admin()
    suffix = secrets.token_hex(4)
    manifests = [confined(each, namespace, suffix) for each in _shipped(admin)]
    people = People(
        _person(control_plane, f"editor-{suffix}", "sfn-rollouts-edit", namespace),
        _person(control_plane, f"approver-{suffix}", f"sfn-rollouts-approver-{suffix}", namespace),
        Person("devenv-admin", namespace, admin),
    )
    admin("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(manifests))
    try:
        people.administrator.create(rollout(_PROBE))
        wait_until(lambda: _are_in_force(people), IN_FORCE_DEADLINE_S, "the policies and roles to be in force")
        admin("delete", "sfnr", _PROBE, "-n", namespace)  # an operator may come that would look after it
        yield people
    finally:
        admin("delete", "--ignore-not-found", "-f", "-", stdin=yaml.safe_dump_all(manifests))


def confined(manifest: Manifest, namespace: str, suffix: str) -> Manifest:
    """The same under another name; a binding for this namespace alone."""
    name = f"{manifest['metadata']['name']}-{suffix}"
    changed = manifest | {"metadata": manifest["metadata"] | {"name": name}}
    if manifest["kind"] == "ValidatingAdmissionPolicyBinding":
        only = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
        changed["spec"] = manifest["spec"] | {"policyName": name, "matchResources": only}
    return changed


def rollout(name: str, **annotations: str) -> Manifest:
    """A rollout that nobody looks after. `annotations` may hold a `command`."""
    return {
        "apiVersion": "sfnrollouts.dev/v1alpha1",
        "kind": "StepFunctionRollout",
        "metadata": {
            "name": name,
            "annotations": {f"sfnrollouts.dev/{key}": text for key, text in annotations.items()},
        },
        "spec": {
            "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:Orders",
            "alias": "live",
            "version": 2,
            "strategy": {"steps": [{"setWeight": 10}, {"pause": {}}]},
        },
    }


def _shipped(kubectl: Kubectl) -> Sequence[Manifest]:
    return list(yaml.safe_load_all(kubectl("kustomize", str(DEPLOY / "policies")).stdout))


def _person(control_plane: ControlPlane, name: str, role: str, namespace: str) -> Person:
    kubectl = control_plane.as_admin()
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(DEPLOY / "base" / "access.yaml"))
    # No controller makes the built-in edit from what is to be taken up into it, so its parts are bound one by one.
    for number, part in enumerate({"sfn-rollouts-view", role}):
        kubectl(
            *("create", "rolebinding", f"{name}-{number}", f"--clusterrole={part}", f"--user={name}", "-n", namespace)
        )
    return Person(name, namespace, kubectl, control_plane.kubeconfig_for(name))


def _are_in_force(people: People) -> bool:
    """Each has refused what it must, and both people are let in: RBAC too takes a moment."""
    dry = "--dry-run=server"
    return (
        "cannot be read" in people.administrator.command(_PROBE, "?", dry).stderr
        and "only the operator"
        in people.administrator.patch(_PROBE, '{"status":{"weight":1}}', "--subresource=status", dry).stderr
        and "may not change the spec" in people.approver.patch(_PROBE, '{"spec":{"version":3}}', dry).stderr
        and people.editor.patch(_PROBE, '{"spec":{"version":3}}', dry).returncode == 0
    )
