"""Posts read out of what was captured: pure functions from bytes to claims, run in a worker without network."""
