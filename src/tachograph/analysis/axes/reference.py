"""What a session's tokens are compared with: bands, and those that come with the program."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import msgspec

from tachograph.analysis.axes.quantiles import Sample


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the middle half of a reference's sessions lies."""

    p25: float
    """Tokens: a quarter of the sessions used less."""
    median: float
    """Tokens."""
    p75: float
    """Tokens: a quarter of the sessions used more."""
    n: int
    """Sessions in the reference."""
    p10_turns: float
    """Turns: shorter sessions than this are not judged by the band."""


class PublicBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A band made from public sessions."""

    repositories: int
    """Repositories that publish them."""
    band: Band


class BundledBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public sessions of one task type; a band is absent when there were too few of them."""

    sessions: int
    """How many there are."""
    real_tokens: PublicBand | None = None
    """Of the sessions whose output counts are all reliable."""
    input_side_tokens: PublicBand | None = None
    """Of all sessions."""


class BundledReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``reference.toml``."""

    made: str
    """Day on which it was made, ISO 8601."""
    sessions: int
    """Main sessions it was made from."""
    repositories: int
    """Public repositories they are from."""
    first_day: str
    """UTC day on which the earliest of them began."""
    last_day: str
    """UTC day on which the latest of them began."""
    types: dict[str, BundledBand]
    """By task type."""


def make_band(values: Sample, turns: Sample) -> Band:
    """The band of a reference of which ``values`` are the tokens, ``turns`` the turns. ValueError when empty."""
    return Band(
        p25=values.quantile(25),
        median=values.quantile(50),
        p75=values.quantile(75),
        n=len(values),
        p10_turns=turns.quantile(10),
    )


def parse_reference(table: str) -> BundledReference:
    """Read a table as tools/make_reference.py writes it. Raises ValueError for TOML or fields that are wrong."""
    return msgspec.convert(tomllib.loads(table), BundledReference)


@cache
def load_reference() -> BundledReference:
    """The reference that comes with the program."""
    table = resources.files("tachograph.analysis.axes").joinpath("reference.toml")
    return parse_reference(table.read_text(encoding="utf-8"))


def bundled_bands() -> Mapping[str, BundledBand]:
    """The bands that come with the program, by task type."""
    return load_reference().types
