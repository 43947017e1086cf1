"""Running a command, telling what it changed in its repository, and keeping the record of it.

The store of commands is a file of its own, ``commands.sqlite``: a command must not wait for an ingestion, and what
people said of commands cannot be made anew from any log.
"""
