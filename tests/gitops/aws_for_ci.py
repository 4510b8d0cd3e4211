"""`aws stepfunctions publish-state-machine-version` as far as CI's script asks for it: boto3 checks the arguments.

The AWS CLI is not among the development requirements; this stands in for it on the PATH.
"""

import os
import sys

from devenv.aws.client import Emulator


def main(arguments: list[str]) -> None:
    """Answer in `--query NAME --output text`."""
    service, operation, *options = arguments
    given = dict(zip(options[::2], options[1::2], strict=True))
    query, output = given.pop("--query"), given.pop("--output")
    assert (service, operation, output) == ("stepfunctions", "publish-state-machine-version", "text")
    client = Emulator(os.environ["EMULATOR_URL"]).boto3_client(service)
    words = {name: name.removeprefix("--").split("-") for name in given}
    parameters = {parts[0] + "".join(map(str.title, parts[1:])): given[name] for name, parts in words.items()}
    sys.stdout.write(client.publish_state_machine_version(**parameters)[query] + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
