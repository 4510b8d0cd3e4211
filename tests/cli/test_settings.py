"""Flags, environment, defaults: who has the last word."""

import click
import pytest
from pydantic import ValidationError

from sfn_rollouts.cli.flags import settings_from
from sfn_rollouts.config import LogFormat, LogLevel, Settings


def test_the_defaults() -> None:
    settings = Settings()

    assert settings.namespaces == ()
    assert settings.health_port == 8080
    assert (settings.log_format, settings.log_level) == (LogFormat.JSON, LogLevel.INFO)
    assert settings.min_poll_interval.seconds == 5
    assert settings.start_timeout.seconds == 30
    assert not settings.require_access


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFN_ROLLOUTS_NAMESPACES", "shop, billing,,shop")
    monkeypatch.setenv("SFN_ROLLOUTS_HEALTH_PORT", "0")
    monkeypatch.setenv("SFN_ROLLOUTS_MIN_POLL_INTERVAL", "1m30s")
    monkeypatch.setenv("SFN_ROLLOUTS_KUBECONFIG", "")
    monkeypatch.setenv("SFN_ROLLOUTS_REQUIRE_ACCESS", "true")

    settings = Settings()

    assert settings.namespaces == ("shop", "billing")
    assert settings.health_port == 0
    assert settings.min_poll_interval.seconds == 90
    assert settings.require_access
    assert settings.kubeconfig is None, "an empty variable, as charts write it, is none"


def test_a_flag_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFN_ROLLOUTS_NAMESPACES", "shop")
    monkeypatch.setenv("SFN_ROLLOUTS_LOG_LEVEL", "debug")

    settings = settings_from({"namespaces": ("billing",), "log_level": None})

    assert settings.namespaces == ("billing",)
    assert settings.log_level is LogLevel.DEBUG


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "a port beyond all ports": ({"health_port": "70000"}, "--health-port or SFN_ROLLOUTS_HEALTH_PORT: '70000'"),
    "a namespace that cannot be": ({"namespaces": ("Shop",)}, "--namespace or SFN_ROLLOUTS_NAMESPACES: 'Shop'"),
    "a duration without unit": ({"min_poll_interval": "5"}, "like 30s, 10m or 1h30m"),
    "a poll faster than AWS allows": ({"min_poll_interval": "10ms"}, "give 1s to 1h"),
    "a format nobody writes": ({"log_format": "xml"}, "'json' or 'text'"),
}


@pytest.mark.parametrize(("flags", "reported"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_value_is_reported_with_flag_and_variable(flags: dict[str, object], reported: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        settings_from(flags)

    assert reported in refused.value.message


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().health_port = 1  # type: ignore[misc]
