"""What Prefect is told before it is imported or started: a home of ours, no telemetry, no stored results. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HOST = "127.0.0.1"
START_TIMEOUT_S = 180
"""Prefect's own limit of 20 s is too short for a busy machine with two cores."""


def prefect_environment(home: Path, *, api_url: str = "", password: str = "") -> Mapping[str, str]:
    """The variables for a Prefect process whose home is `home`.

    Without `api_url` a server of its own is started in the process's shadow. Results are never persisted and never
    pickled: Prefect holds neither truth nor evidence nor personal data.
    """
    variables = {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api_url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(START_TIMEOUT_S),
        # What Prefect has to say about its own services is no concern of an investigation; errors of ours come out.
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        # Leases on disk: those of a server that died end by themselves; in memory they would block a schedule for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    }
    if password:
        variables["PREFECT_SERVER_API_AUTH_STRING"] = f"casefile:{password}"
        variables["PREFECT_API_AUTH_STRING"] = f"casefile:{password}"
    return variables


def without_prefect(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without whatever it says about another Prefect: an address, a profile, a key."""
    return {name: value for name, value in environment.items() if not name.startswith("PREFECT_")}
