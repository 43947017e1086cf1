"""Sums over all sessions, kept beside the warehouse so that a dashboard's page costs milliseconds at any size.

The file can be deleted at any time: it is made anew from the warehouse.
"""
