"""Handing over: packages that prove themselves to whoever receives them, and what has to stay behind."""
