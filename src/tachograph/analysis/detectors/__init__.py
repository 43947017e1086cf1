"""Detectors of waste that can be proved: one file each, found by themselves."""

from tachograph.analysis.detectors._carrying import CHARS_PER_TOKEN, Carrying, PriceTokens
from tachograph.analysis.detectors._registry import (
    Detector,
    detector,
    detector_names,
    find_shared_waste,
    find_waste,
    load_detectors,
)
from tachograph.analysis.detectors._rewinds import find_rewinds
from tachograph.analysis.detectors._scene import Scene, WasteOptions

__all__ = [
    "CHARS_PER_TOKEN",
    "Carrying",
    "Detector",
    "PriceTokens",
    "Scene",
    "WasteOptions",
    "detector",
    "detector_names",
    "find_rewinds",
    "find_shared_waste",
    "find_waste",
    "load_detectors",
]
