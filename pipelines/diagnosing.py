"""What would become of a locator: which method takes it and why, what that needs, and when it last worked."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from casefile.errors import WorkspaceUnusable
from casefile.records.engine import reading
from casefile.records.queries import last_success
from casefile.registry import load_specs
from casefile.settings import CaptureSettings, load_settings
from casefile.vocabulary import ContainmentLevel, Purpose
from collectors.choosing import NoMethod, Pages, choose_method
from collectors.interface import MethodSpec
from collectors.outcomes import advice
from containment.limits import Limits
from containment.tools import find_program
from containment.worker import run_worker
from pipelines.page_methods import pages_for
from pipelines.services import METHODS, open_services

LIMITS = Limits(wall_s=60, cpu_s=60, memory_bytes=2 << 30, file_bytes=1 << 20, output_bytes=1 << 20)
EXTRACTORS = "collectors.ytdlp.diagnosis"
SCRIPT_RUNTIME = "a JavaScript runtime (deno)"


def diagnose_locator(
    root: Path, environment: Mapping[str, str], locator: str, level: ContainmentLevel
) -> dict[str, Any]:
    """The method, its reason, what it needs and lacks, the last success; nothing is requested from the locator."""
    specs = load_specs(METHODS, MethodSpec)
    choice = choose_method(locator, specs, pages=_pages(root, environment, level))
    if isinstance(choice, NoMethod):
        return {"locator": locator, "method": None, "reason": choice.reason, "advice": advice(choice.cause)}
    extractor = _extractor(locator, level) if choice.spec.name == "ytdlp" else None
    needs = needs_of(choice.spec, extractor)
    found: dict[str, Any] = {
        "locator": locator,
        "method": choice.spec.name,
        "reason": choice.reason,
        "needs": list(needs),
        "lacks": [name for name, here in needs.items() if not here],
        "last_success": _last_success(root, environment, choice.spec.name, locator),
    }
    return found if extractor is None else {**found, "extractor": extractor}


def needs_of(spec: MethodSpec, extractor: Mapping[str, Any] | None) -> dict[str, bool]:
    """What a method and the `extractor` that it would use (a Diagnosis) need here, and whether it is there."""
    needs = {name: find_program(name) is not None for name in spec.needs}
    if extractor is not None and extractor["needs_script_runtime"]:
        needs[SCRIPT_RUNTIME] = any(one["supported"] for one in extractor["script_runtimes"])
    return needs


def _pages(root: Path, environment: Mapping[str, str], level: ContainmentLevel) -> Pages:
    """How pages would be taken for work; by the defaults where there is no workspace."""
    try:
        settings = load_settings(root.absolute(), environment).capture
    except WorkspaceUnusable:
        settings = CaptureSettings()
    return pages_for(settings, Purpose.WORK, level)


def _last_success(root: Path, environment: Mapping[str, str], method: str, locator: str) -> str | None:
    """When this workspace last had a whole capture by that method from the same host; None without a workspace."""
    host = urlsplit(locator).hostname or ""
    try:
        with open_services(root, environment) as services, reading(services.engine) as connection:
            return last_success(connection, method, host)
    except WorkspaceUnusable:
        return None


def _extractor(locator: str, level: ContainmentLevel) -> dict[str, Any]:
    """What yt-dlp itself says of the locator, asked in a worker without network."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        result = run_worker(EXTRACTORS, {"locator": locator}, None, out, limits=LIMITS, egress=None, level=level)
    return dict(result.answer)
