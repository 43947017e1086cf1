"""The single file of `make standalone`, and what it puts beside what it unpacks."""
