"""The `http` method: one locator, its redirects, and the bytes as they were sent."""
