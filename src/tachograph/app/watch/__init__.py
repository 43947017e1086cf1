"""Watching the logs: what grows is read at once, what is finished is scored."""
