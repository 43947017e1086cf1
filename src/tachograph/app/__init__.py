"""The use cases: the only place where the rooms are joined."""
