"""The sequences: each is written once, and called alike by the command line, by Prefect and by services."""
