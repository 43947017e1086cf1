"""The dashboard and the reports in a real browser: `make test-web`."""
