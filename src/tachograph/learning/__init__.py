"""The loop: baselines, alerts, suggestions, trials. Pure: points, decisions and assignments in, judgements out."""
