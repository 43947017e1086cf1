"""What follows from a session's records: pure functions, no I/O."""
