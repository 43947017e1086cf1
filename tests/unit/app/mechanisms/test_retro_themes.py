from __future__ import annotations

from pathlib import Path

import pytest

from tachograph.analysis.intervals import wilson
from tachograph.app.mechanisms._retro_files import MOST_BYTES, find_retros
from tachograph.errors import TachographError
from tests.builders.claude import ClaudeHome
from tests.unit.app.mechanisms.working import figure, find_one


@pytest.fixture
def site(home: Path) -> Path:
    """A project on this machine with three retrospectives; one is not here."""
    place = home / "site"
    claude = ClaudeHome(home / ".claude")
    claude.project(str(place)).session().prompt("Repair the gate.").response()
    claude.project("/home/ada/elsewhere").session().prompt("Repair the roof.").response()
    claude.write()
    write(place / "docs" / "retros" / "2026-05-01.md", "We assumed that the latch held.")
    write(place / "docs" / "retros" / "2026-06-01.md", "It was assumed again; the order was ambiguous.")
    write(place / "retrospectives" / "Summer.MD", "A good summer.")
    return place


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_themes_are_counted_by_file(home: Path, site: Path) -> None:
    found = find_one(home, "retro_themes")
    assumed, unclear, scope = (
        figure(found, "theme", name) for name in ("unverified assumption", "unclear task", "scope")
    )
    assert (assumed.value, assumed.n, assumed.of) == (2 / 3, 3, "retrospectives")
    assert (assumed.low, assumed.high) == wilson(2, 3)
    assert assumed.files == [f"{site}/docs/retros/2026-05-01.md", f"{site}/docs/retros/2026-06-01.md"]
    assert (unclear.value, unclear.files) == (1 / 3, [f"{site}/docs/retros/2026-06-01.md"])
    assert (scope.value, scope.files, scope.reason) == (0.0, [], "")
    assert [one.about for one in found.figures[:2]] == ["unverified assumption", "unclear task"], (
        "the most frequent first"
    )
    assert found.notes == []


def test_nothing_else_is_read(home: Path, site: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret.md"
    outside.write_text("The scope was ambiguous.")
    write(site / "retros" / "README.md", "The scope.")
    write(site / "retros" / "notes.txt", "The scope.")
    write(site / "retros" / "deep" / "a.md", "The scope.")
    (site / "retros" / "link.md").symlink_to(outside)
    (site / "retros" / "folder.md").mkdir()
    found = find_one(home, "retro_themes")
    assert (figure(found, "theme", "scope").value, figure(found, "theme", "scope").n) == (0.0, 3)


def test_a_linked_folder_is_not_entered(home: Path, site: Path, tmp_path: Path) -> None:
    write(tmp_path / "private" / "a.md", "The scope.")
    (site / "retros").symlink_to(tmp_path / "private")
    assert figure(find_one(home, "retro_themes"), "theme", "scope").n == 3


def test_too_large_a_file_is_left_out_and_told(home: Path, site: Path) -> None:
    write(site / "retros" / "dump.md", "scope " * (MOST_BYTES // 6 + 1))
    found = find_one(home, "retro_themes")
    assert figure(found, "theme", "scope").n == 3
    assert found.notes == ["Left out: 1 file that is too large or cannot be read."]


def test_none_here_says_so(home: Path) -> None:
    claude = ClaudeHome(home / ".claude")
    claude.project("/home/ada/elsewhere").session().prompt("Repair the roof.").response()
    claude.write()
    found = find_one(home, "retro_themes")
    assert (found.figures, found.notes) == ([], ["No retrospectives: of 1 project, 0 are on this machine."])


@pytest.mark.parametrize(
    "place", ["relative", "/" + "long" * 2_000, "/dev/null", "//server/share", "/nul\0", "/proc/1"]
)
def test_places_that_are_no_project_of_this_machine_are_passed_over(place: str) -> None:
    assert find_retros([Path(place)]).retros == []


def test_a_server_is_not_asked(home: Path, site: Path) -> None:
    assert find_retros([Path(f"/{site}")]).present == 0
    assert find_retros([site]).present == 1


def test_secrets_in_names_are_not_shown(home: Path, site: Path) -> None:
    secret = "ghp_" + "a1B2" * 9
    write(site / "retros" / f"{secret}.md", "The scope.")
    (file,) = figure(find_one(home, "retro_themes"), "theme", "scope").files
    assert secret not in file


def test_themes_of_ones_own(home: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACHO_CONFIG", str(home / "settings" / "config.toml"))
    write(home / "settings" / "retro_themes.toml", '[[theme]]\nname = "season"\nwords = ["summer"]\n')
    found = figure(find_one(home, "retro_themes"), "theme", "season")
    assert (found.value, found.n) == (1 / 3, 3)
    write(home / "settings" / "retro_themes.toml", '[[theme]]\nname = "season"\n')
    with pytest.raises(TachographError, match=r"retro_themes\.toml is wrong") as raised:
        find_one(home, "retro_themes")
    assert raised.value.slug == "bad_themes"
