"""The local dashboard: HTML pages and a read-only API on the loopback interface."""
