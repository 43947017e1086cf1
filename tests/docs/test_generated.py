"""The docs say what the code says: generated pages are fresh, and nothing is left out."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import sqlite3
import sys
import tomllib
from datetime import date
from importlib import resources
from pathlib import Path
from types import ModuleType

import pytest

from tachograph.analysis.detectors import load_detectors
from tachograph.app.ingest import ingest
from tachograph.app.learn.run import learn
from tachograph.app.reports.html_names import load_pseudonyms
from tachograph.app.rollups.refresh import refresh
from tachograph.app.workspace import Workspace
from tachograph.cli._frame import tacho
from tachograph.hooks.places import ASSIGNMENTS, ENDED, ENDED_BEFORE
from tachograph.settings import options
from tachograph.web.access import make_address, make_entry, serve_folder
from tachograph.web.running import be_the_only, tell_where
from tests.builders.claude import ClaudeHome

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCES = sorted((ROOT / "src" / "tachograph").rglob("*.py"))
SLUG = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+|error|usage|busy|bug")


@pytest.fixture(scope="module")
def make_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_docs"] = module
    spec.loader.exec_module(module)
    return module


# --------------------------------------------------------------------------------------------- generated pages


@pytest.mark.parametrize("page", ["schema.md", "commands.md", "settings.md"])
def test_page_is_fresh(make_docs: ModuleType, page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == make_docs.PAGES[page](), "run make docs"


@pytest.mark.parametrize("page", ["export.md", "kpis.md", "suggestions.md", "waste.md"])
def test_parts_of_the_page_are_fresh(make_docs: ModuleType, page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert text == make_docs.fill(text, make_docs.PARTS[page]), "run make docs"
    assert set(make_docs.PARTS) == {"export.md", "kpis.md", "suggestions.md", "waste.md"}


def test_a_part_is_put_in_its_place(make_docs: ModuleType) -> None:
    page = "a\n<!-- one: made by tools/make_docs.py -->\nold\n<!-- end of one -->\nb\n"
    filled = make_docs.fill(page, {"one": lambda: "new\n"})
    assert filled == "a\n<!-- one: made by tools/make_docs.py -->\n\nnew\n\n<!-- end of one -->\nb\n"
    assert make_docs.fill(filled, {"one": lambda: "new\n"}) == filled
    for broken in (page.replace("end of one", "end"), page.replace("one:", "two:")):
        with pytest.raises(ValueError, match="no place for one"):
            make_docs.fill(broken, {"one": lambda: "new\n"})


def test_every_detector_and_every_error_that_passes_is_on_the_page() -> None:
    page = (DOCS / "waste.md").read_text(encoding="utf-8")
    counted = page.partition("## What counts, and what does not")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", counted, re.MULTILINE) == list(load_detectors())
    passing = page.partition("## Errors that pass by themselves")[2].partition("\n## ")[0]
    table = resources.files("tachograph.sources").joinpath("transient.toml").read_text("utf-8")
    ids = [row["id"].replace("-", " ") for row in tomllib.loads(table)["error"]]
    assert re.findall(r"^\| ([a-z ]+) \| `", passing, re.MULTILINE) == ids
    assert "`database is locked`" in passing


def test_check_finds_a_stale_page_and_writes_nothing(
    make_docs: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_docs, "DOCS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["make_docs.py", "--check"])
    assert make_docs.main() == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(sys, "argv", ["make_docs.py"])
    assert make_docs.main() == 0
    assert {path.name for path in tmp_path.iterdir()} == set(make_docs.PAGES)
    monkeypatch.setattr(sys, "argv", ["make_docs.py", "--check"])
    assert make_docs.main() == 0
    (tmp_path / "schema.md").write_text("old")
    shutil.copy(DOCS / "waste.md", tmp_path)
    assert make_docs.main() == 1
    assert capsys.readouterr().out.endswith("stale: schema.md\n")
    (tmp_path / "waste.md").write_text((DOCS / "waste.md").read_text("utf-8").replace("A run of n calls", "One call"))
    assert make_docs.main() == 1
    assert "stale: schema.md, waste.md" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------ schema


def test_every_table_and_column_is_on_the_page(make_docs: ModuleType) -> None:
    connection = sqlite3.connect(":memory:")
    connection.executescript(resources.files("tachograph.warehouse").joinpath("schema.sql").read_text("utf-8"))
    page = (DOCS / "schema.md").read_text(encoding="utf-8")
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section, name
        if section.lstrip().startswith("Table"):
            for column in connection.execute(f"PRAGMA table_info({name})"):
                assert f"| `{column[1]}` |" in section, (name, column[1])
    connection.close()


GOOD = (
    "-- All.\n\n-- A table.\nCREATE TABLE t (\n    a INTEGER NOT NULL, -- what it is\n    PRIMARY KEY (a)\n) STRICT;\n"
)


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        (GOOD, None),
        (GOOD.replace(" -- what it is", ""), "a column has no comment"),
        (GOOD.replace("-- A table.\n", ""), "has no comment"),
        (GOOD.replace("PRIMARY KEY (a)", "b TEXT"), "a column has no comment"),
        (GOOD.replace("NOT NULL, -- what", "NOT NULL, b TEXT, -- what"), "has the columns"),
    ],
)
def test_a_schema_without_comments_is_refused(make_docs: ModuleType, sql: str, fault: str | None) -> None:
    def read() -> None:
        make_docs.check_schema(sql, make_docs.read_schema(sql)[1])

    if fault is None:
        read()
        return
    with pytest.raises(ValueError, match=fault):
        read()


# ------------------------------------------------------------------------------------------ commands, settings


def test_every_command_and_option_has_a_help_text(make_docs: ModuleType) -> None:
    assert make_docs.find_undocumented() == []


def test_every_command_is_on_the_page(make_docs: ModuleType) -> None:
    names = [name for name, _ in make_docs.walk_commands()]
    assert {"tacho cost", "tacho doctor", "tacho demo", "tacho ingest"} <= set(names)
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (tacho .+)$", page, re.MULTILINE) == names


def test_a_command_without_help_is_found(make_docs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    bare = click.Command("bare", params=[click.Option(["--silent"])])
    monkeypatch.setattr(type(tacho), "list_commands", lambda *_: ["bare"])
    monkeypatch.setattr(type(tacho), "get_command", lambda *_: bare)
    assert make_docs.find_undocumented() == ["tacho bare", "tacho bare --silent"]
    with pytest.raises(ValueError, match="no help text"):
        make_docs.commands_page()


def test_every_option_of_the_settings_is_on_the_page() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    for option in options():
        assert f"| `{option.name}` |" in page
        assert option.variable in page


# ------------------------------------------------------------------------------------------ problems and errors


def constants(node: ast.AST) -> set[str]:
    """Slugs among the strings in ``node``."""
    found = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return {value for value in found if SLUG.fullmatch(value)}


def find_problem_slugs() -> set[str]:
    """First argument of Problem, report and report_file, second of Decoded, and what ``slug`` is set to."""
    slugs: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                place = {"Problem": 0, "report": 0, "report_file": 0, "Decoded": 1}.get(name)
                if place is not None and len(node.args) > place:
                    slugs |= constants(node.args[place])
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "slug":
                slugs |= constants(node.value)
    return slugs


def find_error_slugs() -> set[str]:
    """Every ``slug="..."`` of a call and every default of a parameter ``slug``."""
    slugs: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "slug":
                slugs |= constants(node.value)
            elif isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in node.args.kwonlyargs]
                for name, default in zip(names, node.args.kw_defaults, strict=True):
                    if name == "slug" and default is not None:
                        slugs |= constants(default)
    return slugs


def test_every_problem_is_explained_and_none_that_does_not_exist() -> None:
    used = find_problem_slugs()
    assert {"invalid_json", "glued_line", "orphan_result", "unreadable_file", "too_deep", "unfinished_line"} <= used
    page = (DOCS / "problems.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (\w+)\n\n(.+?)(?=\n#|\Z)", page, re.MULTILINE | re.DOTALL))
    assert set(sections) == used
    assert all(len(text) > 80 for text in sections.values())


def test_every_error_is_explained_and_none_that_does_not_exist() -> None:
    used = find_error_slugs()
    assert {"store_damaged", "unknown_agent", "busy", "usage", "not_found"} <= used
    page = (DOCS / "errors.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == used


# ----------------------------------------------------------------------------------------------------- privacy


def test_the_privacy_page_names_the_modules_that_may_open_a_socket() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["tachograph"]["network"]
    section = (DOCS / "privacy.md").read_text(encoding="utf-8").partition("## The network")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(tachograph\.[\w.]+)`", section)) == set(listed)
    assert ("**none**" in section) is (listed == [])


def test_the_privacy_page_names_every_file_that_is_written(home: Path) -> None:
    from tachograph.app.demo import open_demo

    open_demo(date(2026, 5, 20))
    use_everything(home)
    folder = home / "tachograph"
    page = (DOCS / "privacy.md").read_text(encoding="utf-8")
    top = {path.name for path in folder.iterdir()}
    assert {"demo", "hooks", "pseudonyms.key", "rollups.lock", "rollups.sqlite", "serve", "writer.lock"} <= top
    named = {path.name for path in folder.iterdir() if f"`{path.name}{'/' if path.is_dir() else ''}`" in page}
    assert {name for name in top - named if not name.endswith(("-wal", "-shm"))} == set()
    assert "`warehouse.sqlite-wal`" in page
    for name in (ASSIGNMENTS, ENDED, ENDED_BEFORE):
        assert f"`{name}`" in page


def use_everything(home: Path) -> None:
    """Ingest, go round the loop, sum up for the dashboard, serve, and make a report to share."""
    ClaudeHome(home / ".claude").project().session().prompt().response().write()
    workspace = Workspace()
    ingest(workspace)
    learn(workspace, update=False)
    refresh(workspace)
    served = serve_folder(workspace.folder)
    with be_the_only(served):
        make_entry(served, 4747)
        make_address(served, 4747)
        tell_where(served, 4747)
    load_pseudonyms(workspace.folder)


# ----------------------------------------------------------------------------------------------------- schemas


@pytest.mark.parametrize("path", sorted((DOCS / "schemas").glob("*.json")), ids=lambda path: path.stem)
def test_published_schema_is_a_schema(path: Path) -> None:
    import jsonschema

    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"]["const"] == f"tachograph.{path.name.removesuffix('.schema.json')}/1"
