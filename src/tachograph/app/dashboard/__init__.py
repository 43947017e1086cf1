"""What the dashboard and the HTML report show: one module per page, found in the package ``pages``."""
