"""The axes on which a session is judged, each by itself."""
