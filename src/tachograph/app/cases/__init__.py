"""Test cases from sessions: generated, reviewed by a person, promoted into the ground truth."""
