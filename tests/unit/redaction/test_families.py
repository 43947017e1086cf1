"""Every rule finds what it is for, under its own name and wherever it stands, and leaves what only looks like it."""

from __future__ import annotations

import random

import pytest

from tachograph.redaction import Redactor, bundled_rules
from tachograph.redaction.engine import MARKER
from tests.builders.secrets import KINDS, planted
from tests.unit.redaction.families import FAMILIES, examples, fill, near_misses

REDACTOR = Redactor(bundled_rules())
RULES = [rule.id for rule in bundled_rules()]
SAMPLES = 4

CONTEXTS = [
    "{}",
    "export ACME={}",
    "ACME: {}",
    '{"value": "{}", "n": 1}',
    '{\\"value\\":\\"{}\\"}',
    "acme = '{}'  # keep",
    'const acme = "{}";',
    "docker run -e ACME={} -p 80:80 app",
    "tool --with {} now",
    "curl -H 'X-Acme: {}' https://api.example.com",
    "2026-05-04T09:00:00Z ERROR refused {}, retrying",
    "see `{}`, and say if it works.",
    "| acme | {} |",
    "https://api.example.com/v1?x={}&page=2",
    "<acme>{}</acme>",
    "+ACME={}",
    "one\n{}\ntwo",
    "out: \\n{}\\nend",
]


def survives(cleaned: str, secret: str) -> bool:
    """Whether a piece of the secret is left that is long enough to matter."""
    cleaned = MARKER.sub("", cleaned)
    return any(secret[start : start + 10] in cleaned for start in range(max(1, len(secret) - 9)))


def clean(rule: str, text: str) -> str:
    return REDACTOR.clean_account(text) if rule == "email" else REDACTOR.clean(text)


def test_there_are_at_least_120_families_and_each_has_shapes():
    assert len(RULES) >= 120
    assert sorted(FAMILIES) == sorted(RULES)
    assert all(examples(rule) and near_misses(rule) for rule in RULES)


@pytest.mark.parametrize("rule", RULES)
def test_example_is_replaced_by_the_name_of_its_rule(rule):
    for shape in examples(rule):
        for seed in range(SAMPLES):
            text, secret = fill(shape, random.Random(seed))
            assert clean(rule, text) == text.replace(secret, f"[redacted:{rule}]")


@pytest.mark.parametrize("rule", RULES)
def test_near_miss_is_left_alone(rule):
    for shape in near_misses(rule):
        for seed in range(SAMPLES):
            text, _ = fill(shape, random.Random(seed))
            assert clean(rule, text) == text


@pytest.mark.parametrize("rule", RULES)
def test_example_that_is_clean_stays_so(rule):
    for shape in examples(rule):
        cleaned = clean(rule, fill(shape, random.Random(9))[0])
        assert clean(rule, f"{cleaned} {cleaned}") == f"{cleaned} {cleaned}"


def test_recall_is_at_least_95_percent_in_every_family():
    """Secrets that stand by themselves in every context; those with a place of their own also inside other texts."""
    wraps = ["{}", "$ {}", "  {}\n", "2026-05-04 INFO {}", "a\n{}\nb"]
    recall = {}
    for rule in RULES:
        found = total = 0
        for number, shape in enumerate(examples(rule)):
            rng = random.Random(number)
            for context in wraps if "<<" in shape else CONTEXTS:
                text, secret = fill(shape, rng)
                found += not survives(clean(rule, context.replace("{}", text)), secret)
                total += 1
        recall[rule] = found / total
    assert {rule: share for rule, share in recall.items() if share < 0.95} == {}
    assert sum(recall.values()) / len(recall) >= 0.99


def test_recall_is_complete_for_the_kinds_that_agents_meet_most():
    batch = planted(len(KINDS) * 10, seed=20)
    assert {one.kind for one in batch} == set(KINDS)
    assert [one.text for one in batch if survives(REDACTOR.clean(one.text), one.secret)] == []
