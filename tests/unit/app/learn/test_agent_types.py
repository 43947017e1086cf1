"""Which baseline a session is held against."""

from __future__ import annotations

from typing import Any

import pytest

from tachograph.app.learn.agent_types import AgentTypes
from tachograph.errors import TachographError

TABLE = {"Jobs/Docs": "translation", "jobs": "daily", "jobs/docs/legal": "legal"}


@pytest.mark.parametrize(
    ("kind", "agent_type", "project", "found"),
    [
        ("main", None, "/home/ada/site", "main"),
        ("main", None, None, "main"),
        ("main", None, "/home/ada/jobs/site", "daily"),
        ("main", None, "/home/ada/JOBS/docs", "translation"),
        ("main", None, "/home/ada/jobs/docs/legal/eu", "legal"),
        ("main", "reader", "/home/ada/site", "reader"),
        ("subagent", "reader", "/home/ada/jobs", "reader"),
        ("subagent", None, "/home/ada/jobs", "subagent"),
        ("subagent", "", None, "subagent"),
    ],
)
def test_the_longest_part_of_the_path_counts(
    kind: str, agent_type: str | None, project: str | None, found: str
) -> None:
    assert AgentTypes(TABLE).find(kind, agent_type, project) == found


@pytest.mark.parametrize(
    "table", [{"work": 7}, {"work": ""}, {"": "docs"}, {"work": "two words"}, {"work": "x" * 41}, {"work": "dö"}]
)
def test_a_type_must_be_a_short_name(table: dict[str, Any]) -> None:
    with pytest.raises(TachographError) as caught:
        AgentTypes(table)
    assert (caught.value.slug, caught.value.exit_code) == ("config_value", 4)


def test_without_a_table_all_main_sessions_are_alike() -> None:
    assert AgentTypes({}).find("main", None, "/home/ada/site") == "main"
    assert AgentTypes({}).places == []
