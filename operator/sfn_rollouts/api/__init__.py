"""The `StepFunctionRollout` resource as pydantic models: the one source of the CRD, its rules and its reference page.

Belongs here: fields, bounds, defaults, validation rules with their messages, and how the resource is read from and
written to plain dicts. Does not belong here: what a rollout *means* (`core`), or anything that reads a clock or a
network.
"""

GROUP = "sfnrollouts.dev"
VERSION = "v1alpha1"
KIND = "StepFunctionRollout"
PLURAL = "stepfunctionrollouts"
SHORT_NAMES = ("sfnrollouts", "sfnrollout", "sfnr")
FINALIZER = f"{GROUP}/restore-stable"
COMMAND_ANNOTATION = f"{GROUP}/command"
STEP_ANNOTATION, VERSION_ANNOTATION, WEIGHT_ANNOTATION = f"{GROUP}/step", f"{GROUP}/version", f"{GROUP}/weight"
"""Of an Event StepStarted: the step as in status.step (2/5), the target version, and its percent of new executions."""

LARGEST_VERSION = 2**31 - 1
