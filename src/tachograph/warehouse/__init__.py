"""The local store: one SQLite database, one writer at a time, any number of readers."""
