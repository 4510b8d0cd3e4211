"""Names with a grammar of AWS (state machine ARN, alias, alarm name), and what to say when it is broken."""

import re
from typing import Annotated

from pydantic import Field

from sfn_rollouts.api.rules import Rule, Shown, cel_text, immutable

# Characters that a state machine's name cannot have: https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
MACHINE_NAME_CHARACTER = r"""[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]"""
_NAME = rf"{MACHINE_NAME_CHARACTER}{{1,80}}"
_BARE_ARN = rf"^arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{{12}}:stateMachine:{_NAME}$"
_QUALIFIED_ARN = rf"^arn:aws[a-z-]*:states:[a-z0-9-]+:[0-9]{{12}}:stateMachine:{_NAME}:[^:]*$"
_ALIAS_CHARACTERS = r"^[a-zA-Z0-9_.-]*$"  # that it is empty is minLength's to say
_ONLY_DIGITS = r"^[0-9]+$"


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole text matches, as RE2 reads the pattern: `\\s` is ASCII, `$` is the very end."""
    return re.fullmatch(pattern, text, re.ASCII) is not None


WITHOUT_QUALIFIER = Rule(
    cel=f"!self.matches({cel_text(_QUALIFIED_ARN)})",
    holds=lambda text: not matches(_QUALIFIED_ARN, text),
    message="'{value}' has a version or alias behind the name: leave it out, write '{bare}'",
    shows={"bare": Shown("self.substring(0, self.lastIndexOf(':'))", lambda text: text.rpartition(":")[0])},
)
ARN_FORMAT = Rule(
    cel=f"self.matches({cel_text(_QUALIFIED_ARN)}) || self.matches({cel_text(_BARE_ARN)})",
    holds=lambda text: matches(_QUALIFIED_ARN, text) or matches(_BARE_ARN, text),
    message="'{value}' is not the ARN of a state machine: write arn:aws:states:REGION:ACCOUNT:stateMachine:NAME",
)
ALIAS_CHARACTERS = Rule(
    cel=f"self.matches({cel_text(_ALIAS_CHARACTERS)})",
    holds=lambda text: matches(_ALIAS_CHARACTERS, text),
    message="'{value}' is not a name of an alias: use letters, digits, '_', '-' and '.' only",
)
# AWS writes it as a lookahead, which RE2 (and so CEL) does not know.
ALIAS_NOT_A_NUMBER = Rule(
    cel=f"!self.matches({cel_text(_ONLY_DIGITS)})",
    holds=lambda text: not matches(_ONLY_DIGITS, text),
    message="'{value}' is a number, not a name of an alias: add a letter, '_', '-' or '.'",
)
NOT_AN_ARN = Rule(
    cel="!self.startsWith('arn:')",
    holds=lambda text: not text.startswith("arn:"),
    message="'{value}' is an ARN, not a name of an alarm: write '{name}'",
    shows={
        "name": Shown(
            "(self.contains(':alarm:') ? self.substring(self.indexOf(':alarm:') + 7) : 'NAME')",
            lambda text: text.partition(":alarm:")[2] if ":alarm:" in text else "NAME",
        )
    },
)
# CloudWatch refuses a whole call over one name that it cannot take, and the alarms of others are in the same call.
# Control characters (C0, DEL, C1), the two separators that end a line, U+FFFD, which the API server stores for half of
# a surrogate pair, and U+FFFE and U+FFFF, which XML cannot carry (CloudWatch's query protocol is XML).
_NOT_IN_A_NAME = r"[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}\x{fffd}-\x{ffff}]"
_NOT_IN_A_NAME_IN_PYTHON = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd-\uffff]"
_BEYOND_16_BITS = r"[\x{10000}-\x{10ffff}]"
_LONGEST_ALARM_NAME = 255

ALARM_NAME_CHARACTERS = Rule(
    cel=f"!self.matches({cel_text(_NOT_IN_A_NAME)})",
    holds=lambda text: re.search(_NOT_IN_A_NAME_IN_PYTHON, text) is None,
    # Without the value: a terminal would act on it, and the API server takes no message of several lines.
    message="has a control character, a line separator or a broken character, which no alarm has in its name: "
    "write the name on one line, as CloudWatch shows it",
)
# AWS counts as Java does; CEL and Python count code points.
ALARM_NAME_LENGTH = Rule(
    cel=f"self.size() + self.findAll({cel_text(_BEYOND_16_BITS)}).size() <= {_LONGEST_ALARM_NAME}",
    holds=lambda text: len(text.encode("utf-16-le")) // 2 <= _LONGEST_ALARM_NAME,
    message=f"has more than {_LONGEST_ALARM_NAME} UTF-16 units, the most that CloudWatch takes (an emoji counts as "
    "two): correct the name, or give the alarm a shorter one",
)

StateMachineArnText = Annotated[
    str,
    Field(max_length=256),
    ARN_FORMAT,
    WITHOUT_QUALIFIER,
    immutable("delete this resource and create a new one for another state machine"),
]
AnyAliasName = Annotated[str, Field(min_length=1, max_length=80), ALIAS_CHARACTERS, ALIAS_NOT_A_NUMBER]
AliasName = Annotated[
    AnyAliasName,
    immutable("delete this resource and create a new one for another alias"),
]
AlarmName = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_ALARM_NAME),
    NOT_AN_ARN,
    ALARM_NAME_CHARACTERS,
    ALARM_NAME_LENGTH,
]
