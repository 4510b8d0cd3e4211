"""`python -m sfn_rollouts` is the command `sfn-rollouts`."""

from sfn_rollouts.cli import main

if __name__ == "__main__":
    main(prog_name="sfn-rollouts")
