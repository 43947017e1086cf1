"""The made-up commands: the published mix and formula, the same each time."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import pairwise

import msgspec
import pytest

from tachograph.learning.ml.command_features import FEATURES, read_features
from tachograph.learning.ml.metadata import Params
from tachograph.learning.ml.synthetic import generate, label_without_noise
from tachograph.learning.ml.table import Row, Table
from tachograph.learning.ml.training import Trained, train
from tachograph.model import CommandEvent, CommandLabel
from tests.ml.engine_tables import THREADS

Pairs = list[tuple[CommandEvent, CommandLabel]]


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    return generate(4000, 42)


def to_table(pairs: Pairs) -> Table:
    rows = [
        Row(event.id, read_features(event), label.score, label.kind, label.source, event.repo or "", event.executed_at)
        for event, label in pairs
    ]
    return Table(FEATURES, rows)


@pytest.fixture(scope="module")
def trained(pairs: Pairs) -> Trained:
    params = Params(threads=THREADS, learning_rate=0.1, lowest=0, highest=100)
    return train(to_table(pairs), "number", params)


def event(**changes: object) -> CommandEvent:
    plain = CommandEvent(
        id="evt_1", origin="run", agent=None, executed_at=0, command_hash="", hash_key="", program="", duration_ms=0,
        exit_code=0, files_touched_count=0, lines_added=0, lines_deleted=0,
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, 85),
        ({"exit_code": 1}, 45),
        ({"exit_code": 124, "timed_out": True}, 17),
        ({"files_touched_count": 4}, 88),
        ({"files_touched_count": 20}, 100),
        ({"files_touched_count": 45}, 100),  # no more than twenty count
        ({"lines_added": 60, "lines_deleted": 60}, 86),
        ({"lines_added": 2040}, 102),
        ({"lines_added": 9000}, 102),  # no more than seventeen
        ({"duration_ms": 24_000}, 84),
        ({"duration_ms": 432_000}, 67),
        ({"duration_ms": 9_000_000}, 67),  # no less than eighteen
        ({"exit_code": 1, "lines_added": 240}, 47),
        ({"exit_code": 1, "lines_added": 241}, 45 - 8 + 241 / 120),
    ],
    ids=str,
)
def test_the_formula(changes: dict[str, object], label: float) -> None:
    assert label_without_noise(event(**changes)) == pytest.approx(label)


def test_the_mix_of_commands(pairs: Pairs) -> None:
    counts = Counter("timed out" if e.timed_out else "failed" if e.exit_code else "ok" for e, _ in pairs)
    assert counts["ok"] / len(pairs) == pytest.approx(0.72, abs=0.02)
    assert counts["failed"] / len(pairs) == pytest.approx(0.18, abs=0.02)
    assert counts["timed out"] / len(pairs) == pytest.approx(0.10, abs=0.02)


RANGES = [
    ("failed", {"exit_code": {1}}, (200, 10_000), (1, 14), (1, 200), (0, 220)),
    ("timed out", {"exit_code": {124, 137}}, (10_000, 120_000), (0, 6), (0, 40), (0, 50)),
    ("ok", {"exit_code": {0}}, (120, 26_000), (1, 45), (2, 900), (0, 650)),
]


@pytest.mark.parametrize(("what", "codes", "duration", "files", "added", "deleted"), RANGES, ids=[r[0] for r in RANGES])
def test_the_ranges_of_each_profile(
    pairs: Pairs,
    what: str,
    codes: dict[str, set[int]],
    duration: tuple[int, int],
    files: tuple[int, int],
    added: tuple[int, int],
    deleted: tuple[int, int],
) -> None:
    events = [e for e, _ in pairs if what == ("timed out" if e.timed_out else "failed" if e.exit_code else "ok")]
    assert {e.exit_code for e in events} == codes["exit_code"]
    for name, (low, high) in {
        "duration_ms": duration, "files_touched_count": files, "lines_added": added, "lines_deleted": deleted,
    }.items():  # fmt: skip
        values = [getattr(e, name) for e in events]
        assert low <= min(values) <= low + (high - low) * 0.05
        assert high - (high - low) * 0.05 <= max(values) <= high


def test_labels_are_the_formula_with_even_noise_and_say_that_they_are_made_up(pairs: Pairs) -> None:
    noise = [label.score - label_without_noise(e) for e, label in pairs if 0 < label.score < 100]
    assert -6 <= min(noise) < -5.9
    assert 5.9 < max(noise) <= 6
    assert {(label.kind, label.source) for _, label in pairs} == {("synthetic", "formula")}
    assert all(0 <= label.score <= 100 and label.target == e.id for e, label in pairs)


def test_times_go_forward_and_repositories_follow_each_other(pairs: Pairs) -> None:
    assert all(before.executed_at < after.executed_at for (before, _), (after, _) in pairwise(pairs))
    assert pairs[0][0].executed_at == 1_767_225_600_000
    assert pairs[-1][0].executed_at - pairs[0][0].executed_at > 179 * 86_400_000
    names = [e.repo or "" for e, _ in pairs]
    assert set(names) == {f"made-up-{number:02d}" for number in range(24)}
    first = [names.index(name) for name in sorted(set(names))]
    assert first[0] < 50
    assert first[23] > 3000
    assert len({e.id for e, _ in pairs}) == len(pairs)


def test_the_same_seed_gives_the_same_commands_and_another_seed_others(pairs: Pairs) -> None:
    assert generate(4000, 42) == pairs
    assert generate(4000, 43)[0] != pairs[0]
    # also on another machine, with another version of Python
    assert sha256(msgspec.json.encode(generate(100, 42))).hexdigest()[:16] == "08598cf804f4d46a"


def test_none_at_all() -> None:
    assert generate(0, 1) == []


def test_a_model_of_them_finds_the_formula_and_not_its_noise(trained: Trained, pairs: Pairs) -> None:
    metadata = trained.metadata
    order = [importance.feature for importance in metadata.importances]
    assert order[:2] == ["exit_failed", "timed_out"]
    assert {"files_touched_count", "churn", "duration_ms"} <= set(order[2:6])
    held_out = metadata.held_out.measures["mae"].value
    floor = sum(abs(min(100, max(0, label_without_noise(e))) - label.score) for e, label in pairs) / len(pairs)
    assert 2.3 < floor < 2.6  # 3.0, less where labels are cut at 100
    assert held_out < floor + 0.3
    assert metadata.train_error > floor - 0.2
    assert metadata.beats_baseline
    assert metadata.parts.judged_on == ("synthetic",)


def test_intervals_of_such_a_model_hold_90_of_100_fresh_labels(trained: Trained) -> None:
    from tachograph.learning.ml.scoring import Scorer

    fresh = to_table(generate(6000, 7))
    scored = Scorer(trained.model, trained.metadata).score(fresh)
    inside = sum(said.low <= row.label <= said.high for said, row in zip(scored, fresh.rows, strict=True))
    assert 0.87 <= inside / len(scored) <= 0.93
    assert all(0 <= said.low <= said.prediction <= said.high <= 100 for said in scored)
