"""WACZ 1.1.1: web archives with their pages and index in one file, written by ourselves and read strictly."""
