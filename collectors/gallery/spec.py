"""What the method `gallerydl` says of itself, without loading anything."""

from __future__ import annotations

from collectors.interface import MethodSpec

SPEC = MethodSpec(
    name="gallerydl",
    version="1",
    summary="The pictures of a post by gallery-dl: each as it was sent, and what the platform says of it.",
    module="collectors.gallery.capture",
    schemes=("http", "https"),
    priority=-20,
    touches_network=True,
    always_recorded=True,
    anonymous=True,
)
