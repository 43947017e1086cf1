"""Setting a repository up for goals: ledger, policy, agents' instructions, git attributes, git hooks."""
