"""The `import` method: files and folders that somebody handed over."""
