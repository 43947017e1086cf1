"""The pages: every module here that has a ``PAGE`` is one; adding a page is adding a module."""
