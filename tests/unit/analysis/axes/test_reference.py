from __future__ import annotations

from datetime import date
from importlib import resources
from typing import get_args

import pytest

from tachograph.analysis.axes.quantiles import Sample
from tachograph.analysis.axes.reference import (
    Band,
    BundledBand,
    PublicBand,
    bundled_bands,
    load_reference,
    make_band,
    parse_reference,
)
from tachograph.analysis.axes.token_economy import NEEDED
from tachograph.analysis.task_type import TaskType

TABLE = resources.files("tachograph.analysis.axes").joinpath("reference.toml").read_text(encoding="utf-8")
HEAD = 'made = "2026-01-02"\nsessions = 20\nrepositories = 3\nfirst_day = "2025-05-01"\nlast_day = "2025-06-01"\n'
BANDS = [
    pytest.param(public, id=f"{task_type}-{unit}")
    for task_type, bands in bundled_bands().items()
    for unit, public in (("real", bands.real_tokens), ("input", bands.input_side_tokens))
    if public is not None
]


def test_the_table_has_every_type_and_some_bands() -> None:
    assert list(bundled_bands()) == list(get_args(TaskType))
    assert BANDS


@pytest.mark.parametrize("public", BANDS)
def test_a_bundled_band_is_sound(public: PublicBand) -> None:
    band, whole = public.band, load_reference()
    assert 0 < band.p25 < band.median < band.p75
    assert NEEDED <= band.n <= whole.sessions
    assert 1 <= public.repositories <= min(whole.repositories, band.n)
    assert band.p10_turns >= 0


@pytest.mark.parametrize("task_type", get_args(TaskType))
def test_a_type_has_a_band_when_it_has_enough_sessions(task_type: str) -> None:
    bands = bundled_bands()[task_type]
    assert (bands.input_side_tokens is not None) == (bands.sessions >= NEEDED)
    if bands.input_side_tokens is not None:
        assert bands.input_side_tokens.band.n == bands.sessions, "the input side is exact for all of them"
    if bands.real_tokens is not None:
        assert bands.real_tokens.band.n <= bands.sessions


def test_the_sessions_of_all_types_are_those_of_the_table() -> None:
    assert sum(bands.sessions for bands in bundled_bands().values()) == load_reference().sessions


def test_the_days_are_days_in_their_order() -> None:
    whole = load_reference()
    first, last, made = map(date.fromisoformat, (whole.first_day, whole.last_day, whole.made))
    assert first <= last <= made


def test_the_header_states_how_it_was_made_and_its_limits() -> None:
    header = TABLE.partition("made = ")[0]
    for said in ("tools/make_reference.py", "few repositories", "not your work", f"With fewer than {NEEDED} sessions"):
        assert said in header


def test_a_table_is_read() -> None:
    band = "{ repositories = 2, band = { n = 11, p25 = 1.5, median = 2.0, p75 = 3, p10_turns = 1.0 } }"
    found = parse_reference(f"{HEAD}[types.debug-fix]\nsessions = 11\ninput_side_tokens = {band}\n")
    assert (found.made, found.sessions, found.repositories) == ("2026-01-02", 20, 3)
    assert found.types == {"debug-fix": BundledBand(11, None, PublicBand(2, Band(1.5, 2.0, 3.0, 11, 1.0)))}


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("made = ", "Invalid value"),
        ('made = "2026-01-02"', "missing required field"),
        (f"{HEAD}[types.debug-fix]\nsessions = 1\nreal = 1", "unknown field"),
        (f"{HEAD}[types.debug-fix]\nsessions = 1\nreal_tokens = {{ repositories = 2 }}", "missing required field"),
        (f"{HEAD}types = 3", "Expected `object`"),
    ],
)
def test_a_wrong_table_is_refused(table: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_reference(table)


def test_a_band_of_a_sample() -> None:
    tokens, turns = Sample(list(range(100, 1_100, 100))), Sample([1, 2, 2, 2, 2, 2, 2, 2, 2, 2])
    assert make_band(tokens, turns) == Band(325.0, 550.0, 775.0, 10, 1.9)
