"""What the requests of a worker may be: where they go, by which way, with which methods. Pure, from the settings."""

from __future__ import annotations

from dataclasses import replace

from casefile.errors import SettingsError
from casefile.settings import EgressSettings, Settings
from collectors.interface import MethodSpec
from containment.broker import EgressPolicy
from containment.methods import PASSIVE
from containment.upstream import upstream_of
from pipelines.recording import recording_policy

PAGE_SCRIPTS = "page-scripts"


def egress_policy(settings: EgressSettings) -> EgressPolicy:
    """What the settings let a worker contact, and by which way; raises SettingsError for an impossible proxy."""
    try:
        way = upstream_of(settings.upstream, settings.upstream_user, settings.upstream_password.get_secret_value())
    except ValueError as error:
        raise SettingsError("egress.upstream", str(error)) from error
    return EgressPolicy(settings.allow, settings.ports, way)


def policy_of(spec: MethodSpec, settings: Settings, *, identity: bool = False) -> EgressPolicy | None:
    """The same for the captures of a method, under a virtual identity or not; None for one that goes nowhere."""
    if not spec.touches_network:
        return None
    recording = None if spec.records_itself else recording_policy(settings, always=spec.always_recorded)
    methods = methods_of(settings, scripts=spec.acts_for_scripts, identity=identity)
    own = egress_policy(settings.egress)
    return replace(own, recording=recording, methods=methods, own_calls=spec.own_calls)


def methods_of(settings: Settings, *, scripts: bool, identity: bool = False) -> tuple[str, ...]:
    """The methods that requests may have: POST only in place of a page's scripts, and where the policy lets it.

    With the cookies of an identity a POST can act as its account, so that its own policy has to let it, too.
    """
    policies = (settings.egress.methods, *((settings.identity.methods,) if identity else ()))
    return (*PASSIVE, "POST") if scripts and all(policy == PAGE_SCRIPTS for policy in policies) else PASSIVE
