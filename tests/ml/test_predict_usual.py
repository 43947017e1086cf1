"""What sessions of a kind usually come to, and in what one is worse."""

from __future__ import annotations

import pytest

from tachograph.app.learn.expectations import tell_expectations
from tachograph.app.ml.usual import COST, WASTE, Happened, Kind, Usual, find_usual, quantile
from tachograph.app.ml.worse import find_worse
from tachograph.learning.records import Group, Point

HOUR = 3_600_000


def happened(
    number: int,
    task_type: str | None = "debug-fix",
    agent: str = "claude_code",
    agent_type: str = "main",
    kind: str = "main",
    **values: float,
) -> Happened:
    at = number * HOUR
    point = Point(
        f"{agent}:{number}", Group(agent_type, agent, "opus"), kind, at, at + HOUR, {}, task_type=task_type  # type: ignore[arg-type]
    )  # fmt: skip
    return Happened(point, values)


def costs(first: int, values: list[float], **fields: str) -> list[Happened]:
    return [happened(first + number, cost_usd=value, **fields) for number, value in enumerate(values)]  # type: ignore[arg-type]


HISTORY = [
    *costs(0, [float(usd) for usd in range(1, 12)]),
    *costs(20, [0.1 * number for number in range(1, 31)], task_type="feature-build"),
    *costs(60, [7.0] * 4, task_type="ml-eval"),
    *costs(70, [5.0] * 12, agent="codex", task_type="ml-eval"),
]


def figure(usual: Usual, name: str = COST):
    return next(one for one in usual.figures if one.name == name)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0], 0.9, 3.0), ([1.0, 2.0], 0.5, 1.5), ([4.0, 1.0, 3.0, 2.0, 5.0], 0.25, 2.0), ([0.0, 10.0], 0.9, 9.0)],
)
def test_a_quantile_lies_between_its_neighbours(values, share, expected):
    assert quantile(values, share) == pytest.approx(expected)


def test_median_and_band_of_a_kind():
    asked = Kind("claude_code", "main", "debug-fix")
    usual = find_usual(HISTORY, asked)
    cost = figure(usual)
    assert (usual.of, usual.sessions, cost.n) == (asked, 11, 11)
    assert (cost.p10, cost.p25, cost.median, cost.p75, cost.p90) == pytest.approx((2.0, 3.5, 6.0, 8.5, 10.0))


@pytest.mark.parametrize(
    ("asked", "of", "sessions"),
    [
        (Kind("claude_code", "main", "ml-eval"), Kind("claude_code", "main"), 45),
        (Kind("codex", "main", "debug-fix"), Kind("codex", "main"), 12),
        (Kind(None, "main", "ml-eval"), Kind(None, "main", "ml-eval"), 16),
        (Kind("gemini", "main", "ml-eval"), Kind(None, "main", "ml-eval"), 16),
        (Kind("gemini", "main", "infra-deploy"), Kind(None, "main"), 57),
        (Kind(None, "Explore", None), Kind(None, "Explore", None), 0),
    ],
)
def test_a_wider_kind_is_told_of_where_there_are_too_few(asked, of, sessions):
    usual = find_usual(HISTORY, asked)
    assert (usual.asked, usual.of, usual.sessions) == (asked, of, sessions)


def test_a_few_sessions_have_a_median_and_no_band():
    few = costs(0, [1.0, 2.0, 9.0], agent_type="docs")
    cost = figure(find_usual(few, Kind(None, "docs")))
    assert (cost.median, cost.p10, cost.p25, cost.p75, cost.p90) == (2.0, None, None, None, None)


def test_what_no_session_has_is_no_figure():
    assert [one.name for one in find_usual(HISTORY, Kind(None, "main")).figures] == [COST]


# ----------------------------------------------------------------------------------------------------------- worse


@pytest.mark.parametrize(
    ("values", "worse"),
    [
        ({COST: 8.4}, []),
        (
            {COST: 9.0},
            ["cost, subagents included: $9.00, usually $6.00 ($3.50 to $8.50 in half of 11 sessions)"],
        ),
        ({WASTE: 99.0}, []),
        ({}, []),
    ],
)
def test_beyond_the_band_is_worse(values, worse):
    assert find_worse(values, find_usual(HISTORY, Kind("claude_code", "main", "debug-fix"))) == worse


def test_of_a_number_of_which_more_is_better_less_is_worse():
    usual = find_usual([happened(n, task_completion_rate=n / 20) for n in range(20)], Kind(None, "main"))
    assert find_worse({"task_completion_rate": 0.9}, usual) == []
    assert find_worse({"task_completion_rate": 0.1}, usual) == [
        "Tasks completed: 0.1, usually 0.475 (0.237 to 0.712 in half of 20 sessions)"
    ]


# ---------------------------------------------------------------------------------------------------- expectations


def test_the_hook_is_told_of_work_whose_median_is_beyond_the_band():
    assert tell_expectations(HISTORY) == {
        "claude_code": {
            "main": {
                "debug-fix": "Tachograph: debug-fix sessions (11 so far) usually go worse than others here: cost,"
                " subagents included: $6.00, usually $2.10 ($1.10 to $4.00 in half of 45 sessions). tacho predict"
                " --task-type debug-fix tells more."
            }
        }
    }


@pytest.mark.parametrize(
    "fields",
    [{"kind": "subagent", "agent_type": "Explore"}, {"agent_type": "no\x1b[31m name"}, {"task_type": "something"}],
)
def test_nothing_is_said_of_what_has_no_prompt_or_no_safe_name(fields):
    dear = [happened(n, cost_usd=50.0 + n, **fields) for n in range(11)]
    cheap = [happened(100 + n, cost_usd=1.0, **{**fields, "task_type": "ml-eval"}) for n in range(40)]
    assert tell_expectations([*dear, *cheap]) == {}
