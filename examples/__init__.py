"""The bundled example of `./dev run`: made-up media, a small web site on loopback, and a walk through Casefile."""
