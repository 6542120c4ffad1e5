"""The log: envelopes, salted parts, journal, projection and replay."""
