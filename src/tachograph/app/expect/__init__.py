"""Expectations as code: files that say what a session should have done, read, checked, learnt and kept."""
