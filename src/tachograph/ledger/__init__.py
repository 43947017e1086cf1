"""Goals and attempts as an append-only log of events: read line by line, replayed, written whole lines at a time.

A ledger is a file of JSON lines in a repository. What it says follows from its events alone, whatever the order of its
lines: two clones may each add some, and git may put them together as it likes.
"""
