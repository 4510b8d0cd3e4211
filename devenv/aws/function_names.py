"""The names of a Lambda function: its name, a partial ARN or a full one, each with or without a qualifier behind it.

https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devenv.aws.errors import AwsError

if TYPE_CHECKING:
    from devenv.aws.region import Params, Region

LATEST = "$LATEST"
_FORMS = re.compile(
    r"(arn:[a-z-]+:lambda:)?((?P<region>[a-z]{2}(-[a-z]+)+-\d):)?((?P<account>\d{12}):)?(function:)?"
    r"(?P<name>[\w.-]+)(:(?P<qualifier>\$LATEST|[\w-]+))?"
)


@dataclass(frozen=True)
class FunctionName:
    """`qualifier` is a version's number, an alias, $LATEST, or None."""

    name: str
    qualifier: str | None

    @property
    def is_number(self) -> bool:
        return self.qualifier is not None and self.qualifier.isdigit()


def named(region: Region, params: Params) -> FunctionName:
    """The function that FunctionName and Qualifier name together, in this account and region.

    Raises InvalidParameterValueException for two qualifiers that differ, ResourceNotFoundException for another region
    (AWS's texts) and AccessDeniedException for another account."""
    found = _FORMS.fullmatch(params["FunctionName"])
    if found is None:
        raise AwsError("InvalidParameterValueException", f"Invalid function name: {params['FunctionName']}")
    qualifier = params.get("Qualifier") or found["qualifier"]
    if found["qualifier"] not in (None, qualifier):
        text = "The derived qualifier from the function name does not match the specified qualifier."
        raise AwsError("InvalidParameterValueException", text)
    if found["region"] not in (None, region.name):
        text = f"Functions from '{found['region']}' are not reachable in this region ('{region.name}')"
        raise AwsError("ResourceNotFoundException", text, status=404)
    if found["account"] not in (None, region.account):
        text = f"User: {region.caller.arn} is not authorized to perform this action on resource: "
        raise AwsError("AccessDeniedException", text + params["FunctionName"], status=403)
    return FunctionName(found["name"], qualifier)
