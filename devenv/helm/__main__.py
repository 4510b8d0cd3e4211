"""`python -m devenv.helm`: make sure that there is a Helm, and print where, for a shell."""

import argparse
import sys

from devenv.helm.binary import HelmMissingError, ensure_helm, say_to_person


def main(arguments: list[str] | None = None) -> int:
    """Return 0 when there is one, 1 when there is none; the reasons go to stderr."""
    parser = argparse.ArgumentParser(prog="python -m devenv.helm", description=__doc__)
    parser.add_argument("--build-only", action="store_true", help="name it on stderr only, and print no export line")
    build_only = parser.parse_args(arguments).build_only
    try:
        helm = ensure_helm()
    except HelmMissingError as error:
        say_to_person(str(error))
        return 1
    say_to_person(f"using {helm}")
    if not build_only:
        print(f"export PATH={helm.parent}:$PATH")  # `eval "$(python -m devenv.helm)"`
    return 0


if __name__ == "__main__":
    sys.exit(main())
