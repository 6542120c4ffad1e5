"""What the method `browser` says of itself, without loading it."""

from __future__ import annotations

from collectors.interface import MethodSpec

OWN_CALLS = (
    "accounts.google.com",
    "clients1.google.com",
    "clients2.google.com",
    "clients2.googleusercontent.com",
    "clients4.google.com",
    "clientservices.googleapis.com",
    "content-autofill.googleapis.com",
    "edgedl.me.gvt1.com",
    "optimizationguide-pa.googleapis.com",
    "redirector.gvt1.com",
    "safebrowsing.googleapis.com",
    "safebrowsingohttpgateway.googleapis.com",
    "update.googleapis.com",
)
"""What Chromium asks for its maker, whatever flags it is given. A page that needs one of them goes without."""

SPEC = MethodSpec(
    name="browser",
    version="1",
    summary="A page as Chromium shows it: picture first, then its bytes, DOM, PDF, text, pictures and all that passed.",
    module="collectors.browser.capture",
    schemes=("http", "https"),
    priority=-10,
    touches_network=True,
    needs=("chromium",),
    acts_for_scripts=True,
    always_recorded=True,
    own_calls=OWN_CALLS,
    processes=1024,
)
