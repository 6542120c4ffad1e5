"""Chromium as it is started for one page: which program, with which flags, and how it ends.

It runs without its own sandbox, which needs name spaces that no worker may make; the worker's own is around it
(docs/adr/0011). It starts with an empty profile, no window and no page, and is gone with its page.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from casefile.errors import ToolMissing
from collectors.browser.hints import languages
from collectors.browser.protocol import Protocol
from collectors.interface import CaptureRequest
from containment.chains import recorder_key
from containment.programs import reserve_freely
from containment.tools import find_program

START_S = 60.0
SWITCHED_OFF = (
    "AutofillServerCommunication",
    "BackForwardCache",
    "CertificateTransparencyComponentUpdater",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "InterestFeedContentSuggestions",
    "IsolateOrigins",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "Prerender2",
    "PreloadTopChromeWebUI",
    "Translate",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
    "site-per-process",
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-startup-window",
    "--no-pings",
    "--no-service-autorun",
    "--metrics-recording-only",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-ipc-flooding-protection",
    "--disable-notifications",
    "--disable-print-preview",
    "--disable-renderer-backgrounding",
    "--disable-search-engine-choice-screen",
    "--disable-site-isolation-trials",
    "--disable-sync",
    "--disable-features=" + ",".join(SWITCHED_OFF),
    "--dns-prefetch-disable",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--hide-scrollbars",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    "--autoplay-policy=user-gesture-required",
    "--proxy-bypass-list=<-loopback>",
    "--remote-debugging-pipe",
)
"""Against calls to its maker, prefetching, and everything that differs from run to run. Loopback too goes through the
proxy, which alone judges."""


@dataclass(frozen=True, slots=True)
class Started:
    """A running browser. `flags` are those that it was started with, but for folders and the proxy's port."""

    protocol: Protocol
    process: subprocess.Popen[bytes]
    product: str
    program: str
    flags: tuple[str, ...]


def program() -> Path:
    """The program itself; raises ToolMissing."""
    found = find_program("chromium")
    if found is None:
        raise ToolMissing("chromium", "pages as they are shown")
    return found


@contextmanager
def started(asked: CaptureRequest, profile: Path, window: tuple[int, int], deadline: float) -> Iterator[Started]:
    """A browser for one page, killed at the end. Raises ToolMissing, BrowserGone, OutOfTime."""
    flags = (
        *FLAGS,
        f"--user-agent={asked.user_agent}",
        f"--accept-lang={languages(asked.accept_language)}",
        f"--window-size={window[0]},{window[1]}",
    )
    where = (
        f"--user-data-dir={profile}",
        f"--proxy-server={asked.proxy}",
        f"--ignore-certificate-errors-spki-list={recorder_key()}",
    )
    chosen = program()
    reserve_freely()
    (told, tell), (hear, heard) = os.pipe(), os.pipe()
    environment = {**os.environ, "TZ": asked.time_zone or "UTC"}
    for name in [one for one in environment if one.lower().endswith("_proxy")]:
        del environment[name]
    process = subprocess.Popen(
        [str(chosen), *flags, *where],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        preexec_fn=lambda: _place(told, heard),
        close_fds=False,
        start_new_session=True,
    )
    os.close(told)
    os.close(heard)
    protocol = Protocol(hear, tell, deadline)
    try:
        product = str(protocol.call("Browser.getVersion", wait_s=START_S).get("product", ""))
        yield Started(protocol, process, product, str(chosen), flags)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait()
        os.close(hear)
        os.close(tell)


def _place(told: int, heard: int) -> None:
    """Give the two pipes the numbers at which the browser expects them: 3 to read from, 4 to write to."""
    spare = os.dup(told), os.dup(heard)
    os.dup2(spare[0], 3)
    os.dup2(spare[1], 4)
    for one in os.listdir("/proc/self/fd"):
        if int(one) > 4:
            with contextlib.suppress(OSError):
                os.set_inheritable(int(one), False)
