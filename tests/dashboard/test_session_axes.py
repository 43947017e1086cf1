"""The token axis of a few sessions is the one that all references give, from fewer rows."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing

import pytest

from tachograph.app.dashboard.session_axes import judge_subagents
from tachograph.app.sessions import list_tree
from tachograph.app.token_facts import load_facts, load_references, score_few
from tachograph.warehouse.store import open_reader, open_writer, transaction
from tests.builders.small import Week, week
from tests.builders.wasteful import Wasteful, wasteful
from tests.dashboard.session_pages import opened

__all__ = ["wasteful", "week"]

MODELS = ("claude-opus-5", "claude-sonnet-5", "gpt-5.4", "house-model", None)


@pytest.mark.parametrize("number", [8, 12, 64, 403])
def test_few_are_scored_as_all_are(week: Week, number: int) -> None:
    workspace, dice = week.ingest(), random.Random(number)
    with open_writer(workspace.folder) as writer, transaction(writer):
        columns = [row[1] for row in writer.execute("PRAGMA table_info(sessions)")]
        sample = dict(zip(columns, writer.execute("SELECT * FROM sessions").fetchone(), strict=True))
        for one in range(number):
            sample |= {
                "session": 1_000 + one, "id": f"claude_code:x{one}", "root_id": f"claude_code:x{one}",
                "kind": dice.choice(["main", "main", "subagent"]),
                "task_type": dice.choice(["bug-fix", "question", None]),
                "model": dice.choice(MODELS[: 1 + number % 5]), "turns": dice.randint(0, 9),
                "real_tokens": dice.choice([0, dice.randint(1, 10**6)]), "input_tokens": dice.randint(0, 10**5),
                "unreliable": dice.choice([0, 0, 2]),
            }  # fmt: skip
            marks = ", ".join("?" * len(columns))
            writer.execute(f"INSERT INTO sessions VALUES ({marks})", [sample[name] for name in columns])
    with closing(open_reader(workspace.folder)) as connection:
        ids = [one for (one,) in connection.execute("SELECT id FROM sessions")]
        facts, references = load_facts(connection, ids), load_references(connection)
        expected = {name: references.score(one) for name, one in facts.items()}
        assert score_few(connection, facts.values()) == expected
        for name, one in facts.items():
            assert score_few(connection, [one]) == {name: expected[name]}
    if number == 403:
        kinds = Counter((score.verdict, score.reference.kind if score.reference else "") for score in expected.values())
        assert {("within_band", "own"), ("above_p75", "own"), ("below_p25", "own")} <= kinds.keys()


def test_subagents_have_the_verdicts_of_their_own_pages(wasteful: Wasteful) -> None:
    with opened(wasteful.ingest()) as told:
        tree = [row for _, row in list_tree(told.connection, f"claude_code:{wasteful.parent.session_id}")]
        verdicts = judge_subagents(told.connection, tree)
        assert [verdicts[row.id].findings for row in tree] == [0, 1]
        for row in tree:
            axes = told.session(row.id).axes
            assert axes is not None
            assert (axes.token.verdict, axes.waste.value) == (verdicts[row.id].token, verdicts[row.id].findings)
