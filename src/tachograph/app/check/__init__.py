"""Checking sessions against expectations."""
