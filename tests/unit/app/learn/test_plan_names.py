"""Hostile texts as names of files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.learn.plan_names import file_name, file_names

ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=40) | st.sampled_from(
    [
        "",
        ".",
        "..",
        "a/../b",
        "CON",
        "con.x",
        "Con",
        "active",
        "ACTIVE",
        "weekly-2026-11-16",
        "%",
        "%2e",
        "~",
        "a.",
        "a ",
    ]
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000001"),
        ("agent-a1b2", "agent-a1b2"),
        ("codex:0a1b", "codex%3a0a1b"),
        ("v1.2", "v1.2"),
        ("../../x", "%2e.%2f..%2fx"),
        ("a\\b", "a%5cb"),
        ("A", "%41"),
        ("a%41", "a%2541"),
        ("nul", "%6eul"),
        ("com1.txt", "%63om1.txt"),
        ("console", "console"),
        ("active", "%61ctive"),
        ("active2", "active2"),
        ("weekly-2026-W46", "%77eekly-2026-%5746"),
        ("", "%"),
        ("ü", "%c3%bc"),
        ("a\0\n", "a%00%0a"),
    ],
)
def test_a_session_names_its_file(text: str, name: str) -> None:
    assert file_name(text) == name


def test_types_keep_their_capitals_unless_they_differ_by_them_alone() -> None:
    names = file_names(["Explore", "main", "plugin:Review", "explore", "EXPLORE", "NUL"])
    assert (names["main"], names["plugin:Review"], names["NUL"]) == ("main", "plugin%3aReview", "%4eUL")
    assert names["EXPLORE"] == "EXPLORE"
    assert names["Explore"].startswith("Explore~")
    assert len({name.lower() for name in names.values()}) == 6
    assert file_names(["Explore"]) == {"Explore": "Explore"}


def test_long_names_are_cut_and_stay_different() -> None:
    first, second = file_name("x" * 5000 + "1"), file_name("x" * 5000 + "2")
    assert first != second
    assert len(first) == 120 + 1 + 16


@given(st.lists(ANY, max_size=8, unique=True))
def test_no_text_leaves_the_folder_and_no_two_share_a_file(texts: list[str]) -> None:
    for names in ({text: file_name(text) for text in texts}, file_names(texts)):
        assert len({name.lower() for name in names.values()}) == len(texts)
        for name in names.values():
            assert len(PurePosixPath("f", name + ".md").parts) == len(PureWindowsPath("f", name + ".md").parts) == 2
            assert not name.startswith(".")
            assert not name.endswith((".", " "))
            assert name.isascii()
            assert name.isprintable()
            assert not set(name) & set('<>:"/\\|?*')
            assert not PureWindowsPath(name + ".md").is_reserved()


def test_the_name_of_a_wild_text_is_a_file_that_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / (file_name("..\\/\0:\ud800é" * 300) + ".json")
    path.write_text("{}")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
