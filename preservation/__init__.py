"""Durable writing, the vault, sealing and audits. No network, no parsing of collected bytes."""
