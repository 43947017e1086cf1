"""Models of sessions in use: trained on histories whose truth is known, asked about sessions that go on."""

from __future__ import annotations

import math
import random
from contextlib import closing
from pathlib import Path

import pytest

from tachograph.app.learn.agent_types import AgentTypes
from tachograph.app.learn.points import refresh_points
from tachograph.app.ml.active import put_to_use
from tachograph.app.ml.models import keep_model
from tachograph.app.ml.predict import forecast_live, forecast_session
from tachograph.app.ml.sessions import session_table
from tachograph.app.workspace import Workspace
from tachograph.learning.ml.metadata import Metadata, Params
from tachograph.learning.ml.session_features import LEAST_LABEL
from tachograph.warehouse.store import open_reader, open_writer
from tests.ml.session_histories import BUILD, FIX, NOW, Sessions, days_before, session_id

pytest.importorskip("xgboost")

HISTORY = 240
"""Sessions, one a day, the last of them some days ago; each begins with $1."""


def grown(number: int) -> tuple[bool, str, float]:
    """Whether a call fails in the first turn, what is asked for, and how many times as much the session costs in the
    end: four times as much after a failure and twice as much for a page, give or take a fifth."""
    fails, text = number % 3 == 0, FIX if number % 2 else BUILD
    factor = 1.5 * (4.0 if fails else 1.0) * (2.0 if text == BUILD else 1.0)
    return fails, text, factor * math.exp(random.Random(number).uniform(-0.2, 0.2))


def write(sessions: Sessions, number: int, at: str, *, is_over: bool = True):
    fails, text, factor = grown(number)
    log = sessions.open(at, 100_000, text=text)
    log.shell("make", "boom" if fails else "done", 2 if fails else 0)
    if is_over:
        log.wait(60).prompt("Go on.").response(input=0, output=round(100_000 * (factor - 1)))
    else:
        log.wait(1).prompt("Go on.")
    return log


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Metadata, dict[str, str]]:
    """The history with a model of it in use, and two sessions that go on."""
    from tachograph.learning.ml.training import train

    home = tmp_path_factory.mktemp("known")
    sessions = Sessions(home)
    last = ""
    for number in range(HISTORY):
        last = session_id(write(sessions, number, days_before(HISTORY + 2 - number)))
    live = {name: write(sessions, seed, days_before(0.002), is_over=False) for name, seed in (("bad", 6), ("good", 5))}
    with pytest.MonkeyPatch.context() as places:  # one history for all tests here, so not the home of one of them
        places.setenv("CLAUDE_CONFIG_DIR", str(home / ".claude"))
        places.setenv("CODEX_HOME", str(home / ".codex"))
        workspace = sessions.ingest()
    with open_writer(workspace.folder) as connection:
        refresh_points(connection, AgentTypes({}))
    trained = train(
        session_table(workspace, "cost", 1, NOW),
        "number",
        Params(n_estimators=60, learning_rate=0.2, lowest=LEAST_LABEL["cost"]),
    )
    metadata = Metadata(**{
        **{name: getattr(trained.metadata, name) for name in trained.metadata.__struct_fields__},
        "name": "session-cost-test", "target": "session_cost",
    })  # fmt: skip
    keep_model(workspace, trained.model, metadata)
    put_to_use(workspace.folder, "session_cost", metadata.name)
    return workspace, metadata, {"last": last, **{name: session_id(log) for name, log in live.items()}}


def test_it_finds_what_makes_sessions_dear_and_covers_what_they_come_to(known):
    _, metadata, _ = known
    assert metadata.beats_baseline
    assert [one.feature for one in metadata.importances[:2]] == ["errors", "is_debug_fix"]  # the order of their effects
    assert metadata.held_out.measures["mae"].value < 0.2  # the noise alone is 0.1, a constant misses by 0.63
    assert metadata.held_out.coverage is not None
    assert 0.8 <= metadata.held_out.coverage.value <= 1.0
    assert metadata.parts.groups_held_out >= 30


def test_sessions_that_go_on_are_told_apart(known):
    workspace, _, names = known
    with closing(open_reader(workspace.folder)) as connection:
        told = forecast_live(connection, workspace, NOW)
    (model,) = told.models
    assert (model.name, model.what, model.beats_baseline, model.auc) == ("session-cost-test", "cost", True, None)
    held_out = known[1].held_out
    assert (model.rows, model.sessions, model.coverage) == (held_out.rows, held_out.groups, held_out.coverage)
    by_id = {one.id: one for one in told.sessions}
    assert set(by_id) == {names["bad"], names["good"]}
    for name, factor in (("bad", 12.0), ("good", 1.5)):
        one = by_id[names[name]]
        assert (one.live, one.turns, one.usd) == (True, 1, pytest.approx(1.0, rel=1e-3))
        (foreseen,) = one.foreseen
        assert (foreseen.turns, foreseen.spent_usd, foreseen.actual) == (1, pytest.approx(1.0, rel=1e-3), None)
        assert foreseen.low < factor < foreseen.high
        assert foreseen.value == pytest.approx(factor, rel=0.25)
        assert not foreseen.learned_from
    assert by_id[names["bad"]].worse[0].startswith("cost, subagents included: $")
    assert by_id[names["good"]].worse == []


def test_a_session_that_is_over_stands_beside_what_it_came_to(known):
    workspace, _, names = known
    with closing(open_reader(workspace.folder)) as connection:
        (one,) = forecast_session(connection, workspace, names["last"], NOW).sessions
    (foreseen,) = one.foreseen  # it was trained on first turns alone
    assert foreseen.actual == pytest.approx(grown(HISTORY - 1)[2], rel=1e-3)
    assert foreseen.value == pytest.approx(foreseen.actual, rel=0.3)
    assert not foreseen.learned_from  # it is among those held out


def test_a_session_that_was_learned_from_proves_nothing(known):
    workspace, _, _ = known
    with closing(open_reader(workspace.folder)) as connection:
        first = connection.execute("SELECT id FROM sessions ORDER BY started_at LIMIT 1").fetchone()[0]
        (one,) = forecast_session(connection, workspace, first, NOW).sessions
    assert [foreseen.learned_from for foreseen in one.foreseen] == [True]


def test_no_session_costs_less_than_it_has(known):
    workspace, _, _ = known
    with closing(open_reader(workspace.folder)) as connection:
        for (session,) in connection.execute("SELECT id FROM sessions ORDER BY started_at LIMIT 12").fetchall():
            for one in forecast_session(connection, workspace, session, NOW).sessions[0].foreseen:
                assert one.spent_usd is not None
                assert one.spent_usd <= one.low * (1 + 1e-9) <= one.value * (1 + 1e-9) <= one.high * (1 + 2e-9)


def test_a_model_of_other_features_is_refused(known, tmp_path: Path):
    from tachograph.errors import TachographError

    workspace, metadata, names = known
    other = Workspace(workspace.folder, workspace.settings)
    broken = Metadata(**{
        **{name: getattr(metadata, name) for name in metadata.__struct_fields__},
        "name": "session-waste-old", "features": metadata.features[::-1], "target": "session_waste",
    })  # fmt: skip
    model = (workspace.folder / "models" / "session-cost-test" / "model.json").read_bytes()
    keep_model(other, model, broken)
    put_to_use(other.folder, "session_waste", broken.name)
    try:
        with closing(open_reader(workspace.folder)) as connection, pytest.raises(TachographError) as caught:
            forecast_session(connection, other, names["last"], NOW)
        assert caught.value.slug == "model_features"
    finally:
        (workspace.folder / "models" / "session-waste-old" / "model.json").unlink()
