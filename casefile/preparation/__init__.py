"""What people decide before and while they collect, as shapes and rules: no clock, no files, no database."""
