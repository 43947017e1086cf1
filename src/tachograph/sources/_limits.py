"""Numbers that make sense: what lies outside is a fault of the log, and no store or price could hold it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Count = Annotated[int, Meta(ge=0, le=10**9)]
"""Tokens of one response."""
Total = Annotated[int, Meta(ge=0, le=10**11)]
"""Tokens of a whole session."""
Searches = Annotated[int, Meta(ge=0, le=10**6)]
Number = Annotated[int, Meta(ge=-(2**53), le=2**53)]
"""Any other whole number: line numbers, exit codes, HTTP statuses."""
Duration = Annotated[float, Meta(ge=0, le=1e13)]
"""Milliseconds or seconds."""
