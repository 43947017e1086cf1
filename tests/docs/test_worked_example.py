"""The worked example's repository: its files are those that the page shows, and they are right."""

from __future__ import annotations

import re

import pytest

from tachograph.app.expect.forms import find_skill
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "testing-a-skill.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples"
SHOWN = re.findall(r"^<!-- example: (\S+) -->\n```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "text"), SHOWN, ids=[name for name, _ in SHOWN])
def test_the_page_shows_the_file_as_it_is(name, text):
    assert (EXAMPLES / name).read_text(encoding="utf-8") == text


def test_every_file_but_the_skill_itself_is_shown():
    files = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*") if path.is_file()}
    assert files - {name for name, _ in SHOWN} == {"commit-skill/.claude/skills/conventional-commit/SKILL.md"}


def test_the_skill_is_found_by_its_name_and_its_cases_name_sessions():
    file = find_skill("conventional-commit", EXAMPLES / "commit-skill")
    assert (file.form, [case.id for case in file.cases]) == (
        "ground_truth",
        ["release-tooling", "refactor", "documentation", "new-feature"],
    )
    assert all(case.target for case in file.cases)
    assert len(file.common.expectations.asked) == 6
