"""The floor: words, values, canonical bytes and the event log that every room stands on."""
