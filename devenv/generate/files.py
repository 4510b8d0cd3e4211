"""Writes the files that are made from the code, or checks that they are current: `python -m devenv.generate [--check]`.

A generated file is a row of `FILES`: its path and the function that gives its text. The functions import what they need
themselves, so that one page can be rendered without loading the whole operator.
"""

import argparse
import difflib
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Render = Callable[[], str]


def _crd() -> str:
    from devenv.generate.crd_yaml import crd_yaml  # noqa: PLC0415 - see the module's docstring
    from sfn_rollouts.api.kinds import ROLLOUT  # noqa: PLC0415

    return crd_yaml(ROLLOUT)


def _access_crd() -> str:
    from devenv.generate.crd_yaml import crd_yaml  # noqa: PLC0415
    from sfn_rollouts.api.kinds import ACCESS  # noqa: PLC0415

    return crd_yaml(ACCESS)


def _spec_page() -> str:
    from devenv.generate.spec_page import spec_page  # noqa: PLC0415

    return spec_page((ROOT / "examples/canary.yaml").read_text())


def _access_page() -> str:
    from devenv.generate.spec_page import access_page  # noqa: PLC0415

    return access_page((ROOT / "examples/access/payments-production.yaml").read_text())


def _concepts() -> str:
    from devenv.generate.phase_diagram import with_diagram  # noqa: PLC0415

    return with_diagram((ROOT / "docs/concepts.md").read_text())


def _chart_readme() -> str:
    from devenv.generate.chart_page import with_values  # noqa: PLC0415

    chart = ROOT / "charts/sfn-rollouts"
    return with_values((chart / "README.md").read_text(), (chart / "values.yaml").read_text())


def _argocd_patch() -> str:
    from devenv.generate.argocd_patch import argocd_patch  # noqa: PLC0415

    return argocd_patch(ROOT)


def _prometheus_rule() -> str:
    """kustomize reads no file into a manifest."""
    rules = (ROOT / "deploy/monitoring/alerts.yaml").read_text()
    head = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n"
    names = "  name: sfn-rollouts\n  namespace: sfn-rollouts\n"
    return f"{head}{names}spec:\n{textwrap.indent(rules, '  ')}"


def _transcripts() -> dict[str, Render]:
    from devenv.generate.example_transcripts import transcripts  # noqa: PLC0415

    return transcripts(ROOT)


def _copy(path: str) -> Render:
    """What the chart must hold itself, because Helm reads nothing outside of it."""
    return (ROOT / path).read_text


def _picture() -> str:
    from devenv.generate.pictures import get_svg  # noqa: PLC0415

    return get_svg(ROOT)


FILES: Mapping[str, Render] = {
    "crds/stepfunctionrollouts.yaml": _crd,
    "crds/awsaccesses.yaml": _access_crd,
    "charts/sfn-rollouts/files/crd.yaml": _crd,  # a chart cannot reach outside of its folder
    "charts/sfn-rollouts/files/access-crd.yaml": _access_crd,
    "deploy/base/crd.yaml": _crd,  # nor can kustomize
    "deploy/base/access-crd.yaml": _access_crd,
    "charts/sfn-rollouts/README.md": _chart_readme,
    "docs/spec.md": _spec_page,
    "docs/access-spec.md": _access_page,
    "docs/concepts.md": _concepts,
    "deploy/argocd/argocd-cm-patch.yaml": _argocd_patch,
    "charts/sfn-rollouts/files/alerts.yaml": _copy("deploy/monitoring/alerts.yaml"),
    "charts/sfn-rollouts/files/dashboard.json": _copy("deploy/monitoring/dashboard.json"),
    "deploy/components/monitoring/prometheus-rule.yaml": _prometheus_rule,
    "docs/pictures/get.svg": _picture,
    **_transcripts(),
}


def stale(files: Mapping[str, Render], root: Path) -> dict[str, str]:
    """Return the unified diff of each file below `root` that is not what its function renders."""
    diffs = {path: _diff(root / path, path, render()) for path, render in files.items()}
    return {path: diff for path, diff in diffs.items() if diff}


def write(files: Mapping[str, Render], root: Path) -> list[str]:
    """Write what is not current; give the paths that were written."""
    changed = list(stale(files, root))
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path]())
    return changed


def _diff(file: Path, name: str, wanted: str) -> str:
    found = file.read_text() if file.exists() else ""
    lines = difflib.unified_diff(found.splitlines(True), wanted.splitlines(True), f"{name} (committed)", name)
    return "".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write, or with `--check` only compare; give the exit code, 1 when something is not current."""
    parser = argparse.ArgumentParser(prog="python -m devenv.generate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; show what differs and exit with 1")
    if not parser.parse_args(arguments).check:
        sys.stdout.writelines(f"wrote {path}\n" for path in write(FILES, ROOT))
        return 0
    diffs = stale(FILES, ROOT)
    sys.stdout.writelines(diffs.values())
    sys.stderr.writelines(f"{path} is not current: run `make crds` and commit it\n" for path in diffs)
    return 1 if diffs else 0
