"""Telling another program over HTTP, and fetching a file. Imported only where the user has named an address."""
