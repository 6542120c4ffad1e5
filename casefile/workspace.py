"""Where everything of one investigation lies. Pure paths; DESIGN section 4 fixes the names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from casefile.settings import FILE_NAME

ROOTS = "roots"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one investigation."""

    root: Path

    @property
    def settings(self) -> Path:
        """Its settings."""
        return self.root / FILE_NAME

    @property
    def database(self) -> Path:
        """The index, when it is not on a server."""
        return self.root / "casefile.db"

    @property
    def fresh_database(self) -> Path:
        """Where the index is made anew, beside the one that it takes the place of; there only meanwhile."""
        return self.root / "casefile.db.rebuilding"

    @property
    def keys(self) -> Path:
        """The log's key pair and the public half of the root key; private ones are for their owner alone."""
        return self.root / "keys"

    @property
    def root_key(self) -> Path:
        """Where the private root key lies until somebody takes it away from this machine."""
        return self.root / "root-key" / "root.key"

    @property
    def vault(self) -> Path:
        """The OCFL storage root: evidence, read-only."""
        return self.root / "vault"

    @property
    def log(self) -> Path:
        """Journal, private parts and what is built from them."""
        return self.root / "log"

    @property
    def staging(self) -> Path:
        """Captures on their way into the vault, on its file system."""
        return self.root / "staging"

    @property
    def quarantine(self) -> Path:
        """What could not be sealed, kept as it was found."""
        return self.root / "quarantine"

    @property
    def rebuilding(self) -> Path:
        """Objects on their way into the place of others, on the vault's file system; there only meanwhile."""
        return self.root / "rebuilding"

    @property
    def roots(self) -> Path:
        """Where custody.md puts the certificates of time authorities, without which their stamps cannot be checked."""
        return self.root / ROOTS

    @property
    def received(self) -> Path:
        """Packages of other investigations, as they came."""
        return self.root / "received"

    @property
    def work(self) -> Path:
        """Working copies, previews and caches: rebuildable, never evidence."""
        return self.root / "work"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that may lie in its own, but for the private root key's."""
        own = (self.keys, self.roots, self.vault, self.log, self.staging, self.quarantine)
        return (*own, self.rebuilding, self.received, self.work)

    @property
    def fingerprints(self) -> Path:
        """The index by which near-duplicates are found, made of the tables and made anew when it is lost."""
        return self.work / "fingerprints"

    @property
    def previews(self) -> Path:
        """Pictures of items for looking at, named by the digest of the file that they were made of."""
        return self.work / "previews"
