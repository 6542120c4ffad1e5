"""What the broker's words about the proxy that it is to go through mean (containment.upstream)."""

from __future__ import annotations

UPSTREAM = {
    "upstream-unreachable": "the upstream proxy cannot be reached",
    "upstream-login": "the upstream proxy does not accept our user and password",
    "upstream-refused": "the upstream proxy refuses the connection",
    "upstream-malformed": "what stands in the upstream proxy's place is none",
}


def upstream_failed(said: str) -> str:
    """For a person, what befell the proxy; empty where the broker speaks of something else."""
    return f"{UPSTREAM[said]}; nothing was asked for around it" if said in UPSTREAM else ""
