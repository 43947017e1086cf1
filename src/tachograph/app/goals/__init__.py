"""Goals of a repository: noted in its ledger, joined with the exact history."""
