"""Prints install.yaml, the whole operator as one file: `python -m devenv.install_manifest IMAGE`.

What deploy/base renders, with the image of a release. Standard library only, so that a release needs no more than
kubectl to render it; without a kubectl on PATH it is the control plane's own.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_IMAGE = re.compile(r"(?P<name>[^\s@]+?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?")
"""As container runtimes read it: a colon in the registry's part is its port."""


class NoImageError(ValueError):
    """The text names no image, or one without a tag or digest, which would run another one tomorrow."""


def kustomization(image: str) -> str:
    """Return a kustomization.yaml beside `base` that puts the image in.

    Raises:
        NoImageError: see there.
    """
    found = _IMAGE.fullmatch(image)
    if found is None or not (found["tag"] or found["digest"]):
        raise NoImageError(f"{image!r} is no image with a tag or a digest, like ghcr.io/acme/sfn-rollouts:1.2.3")
    # kustomize drops the tag where it is given a digest, so the tag stays a part of the name.
    name = f"{found['name']}:{found['tag']}" if found["tag"] and found["digest"] else found["name"]
    pin = f"digest: {found['digest']}" if found["digest"] else f"newTag: {found['tag']!r}"
    return f"resources: [base]\nimages:\n- name: sfn-rollouts\n  newName: {name}\n  {pin}\n"


def render(image: str, kubectl: str) -> str:
    """Return install.yaml.

    Raises:
        NoImageError: the image is none.
        subprocess.CalledProcessError: kustomize refuses.
    """
    head = f"# sfn-rollouts: the CRD and the operator. kubectl apply --server-side -f install.yaml\n# {image}\n"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kustomization.yaml").write_text(kustomization(image))
        shutil.copytree(ROOT / "deploy" / "base", Path(folder) / "base")
        rendered = subprocess.run([kubectl, "kustomize", folder], check=True, stdout=subprocess.PIPE, text=True)
    return head + rendered.stdout


def main(arguments: list[str] | None = None) -> int:
    """Print the file; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m devenv.install_manifest", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("image", help="with a tag or a digest, like ghcr.io/acme/sfn-rollouts:1.2.3")
    try:
        sys.stdout.write(render(parser.parse_args(arguments).image, shutil.which("kubectl") or _own_kubectl()))
    except NoImageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _own_kubectl() -> str:
    from devenv.control_plane import ensure_binaries  # noqa: PLC0415 - a release renders it without our .venv

    return str(ensure_binaries().kubectl)


if __name__ == "__main__":
    sys.exit(main())
