"""The loop: from what is stored to baselines, alerts, suggestions, trials and the next session's briefing."""
