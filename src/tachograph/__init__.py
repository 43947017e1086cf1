"""Tachograph: flight recorder and coach for coding agents."""

__version__ = "0.1.0"
