"""Views as HTML: one set of macros for the dashboard and for reports that stand alone."""
