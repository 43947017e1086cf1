"""Use cases of commands: running one, listing, labelling, telling how they turned out."""
