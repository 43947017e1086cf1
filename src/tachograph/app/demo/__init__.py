"""``tacho demo``: a made-up history, written as logs and read like any other."""

from tachograph.app.demo.build import Demo, open_demo

__all__ = ["Demo", "open_demo"]
