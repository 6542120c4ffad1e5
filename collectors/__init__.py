"""Capture methods: how content is received. Nothing here keeps, records or judges it."""
