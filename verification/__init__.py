"""Examination on working copies, near-duplicates, and the record of what people verified."""
