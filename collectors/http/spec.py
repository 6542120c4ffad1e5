"""What the method `http` says of itself, without loading it."""

from __future__ import annotations

from collectors.interface import MethodSpec

SPEC = MethodSpec(
    name="http",
    version="1",
    summary="One address by GET: each redirect, the bytes as they were sent, and the page or file in them.",
    module="collectors.http.capture",
    schemes=("http", "https"),
    priority=0,
    touches_network=True,
    records_itself=True,
)
