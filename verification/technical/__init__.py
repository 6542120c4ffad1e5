"""The technical strand: metadata, media facts, fingerprints."""
