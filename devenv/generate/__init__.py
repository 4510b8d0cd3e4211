"""Writes the files that are made from the code: `python -m devenv.generate [--check]`."""
