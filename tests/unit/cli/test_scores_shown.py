"""Where scores show of themselves: in the overview and in a session's story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tachograph.analysis.axes import token_economy
from tests.builders.claude import ClaudeHome
from tests.builders.wasteful import ERROR, HOUSE, MYSTERY, SITE, Wasteful, wasteful, write_config
from tests.unit.cli.running import Tacho, tacho

__all__ = ["tacho", "wasteful"]


@pytest.fixture(autouse=True)
def configured(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(home)
    monkeypatch.setattr(token_economy, "bundled_bands", dict)  # whatever comes along by now


def read(tacho: Tacho, *arguments: str) -> dict[str, Any]:
    assert tacho(*arguments, "--json") == 0, tacho.err
    answer: dict[str, Any] = json.loads(tacho.out)
    return answer


def signal(tacho: Tacho, name: str) -> str:
    """What the overview or a story says of ``name``, on however many lines."""
    lines = tacho.out.splitlines()
    start = next(number for number, line in enumerate(lines) if f"{name}  " in line)
    column = lines[start].index(name)
    told = [lines[start][column + len(name) :]]
    for line in lines[start + 1 :]:
        if len(line) <= column or line[column] != " ":
            break
        told.append(line[column:])
    return " ".join(" ".join(told).split())


def write_sizes(home: Path, *outputs: int) -> None:
    claude = ClaudeHome(home / ".claude")
    for number, output in enumerate(outputs):
        log = claude.project(SITE).session(f"2026-05-{number + 1:02d}T09:00:00Z", model=HOUSE).prompt("Fix the bug.")
        log.response(input=0, output=output)
    claude.write()


def test_the_overview_tells_verdicts_and_waste(tacho: Tacho, wasteful: Wasteful) -> None:
    answer = read(tacho)
    assert answer["token_verdicts"] == {"above_p75": 0, "within_band": 0, "below_p25": 0, "unavailable": 7}
    assert [(group["key"], group["findings"]) for group in answer["waste"][:2]] == [
        ("heavy_result", 2), ("cache_rebuild", 2),
    ]  # fmt: skip
    assert "tacho waste" in [one["command"] for one in answer["next"]]
    assert tacho() == 0
    assert signal(tacho, "token use") == "no verdict yet"
    assert signal(tacho, "waste") == "heavy result ≈$5.40, cache rebuild ≈$2.19"


def test_the_overview_counts_sessions_by_verdict(tacho: Tacho, home: Path) -> None:
    write_sizes(home, *range(100, 1300, 100))
    assert read(tacho)["token_verdicts"] == {"above_p75": 3, "within_band": 6, "below_p25": 3, "unavailable": 0}
    assert tacho() == 0
    assert signal(tacho, "token use") == "3 above, 6 within, 3 below their band"
    assert signal(tacho, "waste") == "none found"
    assert "tacho waste" not in tacho.out


def test_waste_without_a_price_is_unpriced_and_with_some_a_lower_bound(tacho: Tacho, home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    for model in (MYSTERY, HOUSE):
        log = claude.project(SITE).session(model=model).prompt().shell("make", ERROR, 1).shell("make", ERROR, 1)
        log.response().write()
        assert tacho() == 0
        told = signal(tacho, "waste")
        assert told.startswith("repeated failed retry " + ("unpriced" if model == MYSTERY else "≥$0.00")), told


def test_a_story_tells_its_verdict_and_waste(tacho: Tacho, wasteful: Wasteful) -> None:
    assert tacho("show", wasteful.loops.session_id) == 0
    assert signal(tacho, "token use").startswith("unavailable · 670 real tokens")
    told = "1 repeated_failed_retry, 1 redundant_read, 1 failed_edit_loop (tacho score 00000001)"
    assert signal(tacho, "waste") == told
    score = read(tacho, "show", wasteful.loops.session_id)["score"]
    assert (score["waste"]["value"], score["trajectory"]["state"]) == (3, "UNAVAILABLE")


def test_what_was_scored_shows_in_the_story(tacho: Tacho, home: Path, wasteful: Wasteful) -> None:
    place = home / "elsewhere" / "kept.jsonl"
    place.parent.mkdir()
    place.write_bytes(wasteful.loops.content().replace(wasteful.loops.session_id.encode(), b"5c0" + b"0" * 33))
    assert tacho("score", str(place)) == 0
    assert read(tacho, "show", "5c0", "--no-ingest")["score"]["waste"]["value"] == 3
    assert tacho("score", str(place), "--no-store") == 0


def test_a_story_without_a_log_of_its_own_has_no_score(tacho: Tacho, wasteful: Wasteful) -> None:
    wasteful.parent.path.unlink()
    assert read(tacho, "show", wasteful.parent.session_id)["score"] is None
    assert tacho("show", wasteful.parent.session_id) == 0
    assert "token use" not in tacho.out
