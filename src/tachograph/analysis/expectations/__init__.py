"""Expectations: what a session must have done, checked on its records; one function a key."""

from tachograph.analysis.expectations._outcome import Outcome
from tachograph.analysis.expectations._reading import Expectations, Misread, read_expectations
from tachograph.analysis.expectations._recording import Call, Part, Recording, Scope
from tachograph.analysis.expectations._registry import (
    SCORERS,
    Expectation,
    expectation,
    load_expectations,
    run_checks,
    wanted_texts,
    wants_prices,
)

__all__ = [
    "SCORERS",
    "Call",
    "Expectation",
    "Expectations",
    "Misread",
    "Outcome",
    "Part",
    "Recording",
    "Scope",
    "expectation",
    "load_expectations",
    "read_expectations",
    "run_checks",
    "wanted_texts",
    "wants_prices",
]
