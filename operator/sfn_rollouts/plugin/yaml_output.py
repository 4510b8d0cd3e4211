"""YAML for `-o yaml`, as harmless to print as our JSON: what may not be seen is escaped, and means the same."""

from typing import Any

import yaml

from sfn_rollouts.printable import CI_MARKER, one_line


def yaml_text(data: Any) -> str:
    """Return the data as YAML, without a line end; a text that is not one printable line stands in double quotes."""
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31)
    return CI_MARKER.sub(r"\\x23", str(text)).rstrip("\n")  # it stands in double quotes only


class _Dumper(yaml.SafeDumper):
    def write_double_quoted(self, text: str, split: bool = True) -> None:
        """Escape all that is not ASCII: what needs these quotes may be more than can be seen."""
        self.allow_unicode = False
        super().write_double_quoted(text, split)
        self.allow_unicode = True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if one_line(text) != text else None)


_Dumper.add_representer(str, _text)
