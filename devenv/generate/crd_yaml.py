"""A CRD as the file that people apply."""

import yaml

from sfn_rollouts.api.crd import crd
from sfn_rollouts.api.kinds import Kind

_HEADER = "# Made by `make crds` from operator/sfn_rollouts/api: change the models, not this file.\n"


class _Plain(yaml.SafeDumper):
    """Without anchors: reviewers and some tools read the file without resolving them."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - signature of yaml.Dumper
        return True


def crd_yaml(kind: Kind) -> str:
    """Return the text of a file like crds/stepfunctionrollouts.yaml."""
    return _HEADER + yaml.dump(crd(kind), Dumper=_Plain, sort_keys=False, width=110, allow_unicode=True)
