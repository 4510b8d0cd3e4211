"""Settings of the operator: flags first, then `SFN_ROLLOUTS_*` in the environment, then the defaults here."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from sfn_rollouts.api.durations import Duration, PollInterval


class LogFormat(StrEnum):
    """How log lines look."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """From which level on they are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


NamespaceName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]


class Settings(BaseSettings):
    """Settings of `sfn-rollouts run`. In the environment, namespaces are separated by commas."""

    model_config = SettingsConfigDict(env_prefix="SFN_ROLLOUTS_", frozen=True, extra="forbid")

    namespaces: Annotated[tuple[NamespaceName, ...], NoDecode] = ()
    kubeconfig: str | None = None
    context: str | None = None
    health_port: int = Field(default=8080, ge=0, le=65535)
    log_format: LogFormat = LogFormat.JSON
    log_level: LogLevel = LogLevel.INFO
    min_poll_interval: PollInterval = Duration("5s")
    require_access: bool = False
    leader_elect: bool = False
    leader_elect_namespace: NamespaceName | None = None
    start_timeout: Annotated[Duration, Field(description="How long to look for the cluster at start.")] = Duration(
        "30s"
    )

    @field_validator("namespaces", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """Parse `a,b` into (a, b), each once."""
        names = value.split(",") if isinstance(value, str) else value
        return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))

    @field_validator("kubeconfig", "context", "leader_elect_namespace", mode="before")
    @classmethod
    def _absent_when_empty(cls, value: Any) -> Any:
        """Treat an empty variable, as a chart writes it for an unset value, as absent."""
        return value or None
