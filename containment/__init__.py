"""Worker processes, their sandbox and their only way out. Everything hostile happens in here."""
