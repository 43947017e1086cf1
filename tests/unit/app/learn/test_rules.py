"""The rules that come along, and the user's own beside or instead of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.app.learn.rules import load_user_rules
from tachograph.errors import TachographError
from tachograph.learning.alerts import load_rules

ROW = """
[[rule]]
id = "{id}"
kind = "bound"
kpi = "error_rate"
at = 0.01
severity = "info"
priority = 9
action = "Look."
"""


def write(file: Path, *ids: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(ROW.format(id=one) for one in ids))
    return file


@pytest.fixture
def own(home: Path) -> Path:
    """Where the user's rules lie."""
    return home / ".config" / "tachograph" / "alerts.toml"


def test_without_a_file_those_that_come_along_hold() -> None:
    assert load_user_rules() == load_rules()


def test_a_row_of_a_new_id_is_added(own: Path) -> None:
    write(own, "mine")
    rules = load_user_rules().rules
    assert rules[:-1] == load_rules().rules
    assert (rules[-1].id, rules[-1].at) == ("mine", 0.01)


def test_a_row_of_a_known_id_replaces_it(own: Path) -> None:
    write(own, "error_rate_high")
    rules = load_user_rules().rules
    assert len(rules) == len(load_rules().rules)
    (one,) = [rule for rule in rules if rule.id == "error_rate_high"]
    assert (one.severity, one.at) == ("info", 0.01)


def test_a_file_that_is_named_stands_instead_of_the_users(own: Path, tmp_path: Path) -> None:
    write(own, "mine")
    other = write(tmp_path / "other.toml", "other")
    assert {rule.id for rule in load_user_rules(other).rules} == {*(rule.id for rule in load_rules().rules), "other"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist."),
        (b"\xff\xfe", "cannot be read"),
        (b"[[rule]", "holds no table of rules"),
        (b'[[rule]]\nid = "x"\n', "holds no table of rules"),
        (b'rule = "text"\n', "holds no table of rules"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "rules.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(TachographError) as caught:
        load_user_rules(file)
    assert (caught.value.slug, caught.value.exit_code) == ("bad_rules", 4)
    assert said in caught.value.message
