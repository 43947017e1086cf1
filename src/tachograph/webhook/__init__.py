"""Telling another program over HTTP. Imported only where the user has named an address."""
