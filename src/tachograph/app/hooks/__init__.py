"""Installing the hooks into the agents' settings, taking them out again, and saying what is so."""
