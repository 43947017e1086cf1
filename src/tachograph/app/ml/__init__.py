"""Use cases of models: training, scoring, choosing, sharing."""
