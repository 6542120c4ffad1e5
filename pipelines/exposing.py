"""What would expose whoever collected, gathered from settings, identities and this machine, for a scan to look for."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from casefile.errors import DigestMismatch, JarUnusable
from casefile.records.engine import reading
from casefile.records.identities import list_identities
from disclosure.scanning import Secret
from pipelines.services import Services
from preservation.durable import Disk
from preservation.jars import Jars

SCAN = "the scan of what leaves"
"""The gate by its name."""
Note = Callable[[str], None]


def secrets_of(services: Services, note: Note) -> tuple[Secret, ...]:
    """Everything that must not leave, each once. `note` is told of identities whose cookies are not known any more,
    which is no reason to look for less elsewhere.
    """
    found = {(one.kind, one.text): one for one in (*_ways_out(services), *_identities(services, note)) if one.text}
    return tuple(found[key] for key in sorted(found))


def _ways_out(services: Services) -> Iterator[Secret]:
    egress = services.settings.egress
    host = urlsplit(egress.upstream).hostname or ""
    if host and not _is_local(host):
        yield Secret("the address of the proxy that captures leave by", host)
    yield Secret("the user name of the proxy that captures leave by", egress.upstream_user)
    yield Secret(
        "the password of the proxy that captures leave by",
        egress.upstream_password.get_secret_value(),
        whole=False,
        is_drawn=True,
    )
    for address in services.settings.disclosure.exit_addresses:
        yield Secret("an address that captures leave by", address)


def _identities(services: Services, note: Note) -> Iterator[Secret]:
    jars = Jars(services.workspace.keys, Disk(services.reached))
    with reading(services.engine) as connection:
        identities = list_identities(connection)
    for one in identities:
        yield Secret(f"the handle of virtual identity {one.id}", one.handle)
        yield Secret(f"the name of virtual identity {one.id}", one.name)
        if one.retired:
            note(f"cookies of virtual identity {one.id}, which is retired, are not known any more and not looked for")
        if one.jar:
            try:
                cookies = json.loads(jars.read(one.jar))
            except (JarUnusable, DigestMismatch) as error:
                note(f"cookies of virtual identity {one.id} are not looked for: {error}")
                continue
            for cookie in cookies:
                yield Secret(
                    f"a cookie of virtual identity {one.id}", str(cookie.get("value", "")), whole=False, is_drawn=True
                )


def _is_local(host: str) -> bool:
    """Whether the host says nothing of where captures leave: this machine, or a network that many have."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or not re.search(r"\.[A-Za-z]{2,}$", host)
