"""Near-duplicates: recall and false pairs on a collection of photographs that is not in this repository."""
