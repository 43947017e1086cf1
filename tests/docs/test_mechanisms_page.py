"""The section of docs/findings.md on mechanisms is made by a tool, and names each of them."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.mechanisms import load_mechanisms
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings
from tests.conftest import ROOT
from tests.docs.histories import write_demo

PAGE = ROOT / "docs" / "findings.md"


@pytest.fixture
def list_mechanisms() -> ModuleType:
    spec = importlib.util.spec_from_file_location("list_mechanisms", ROOT / "tools" / "list_mechanisms.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def section_of(page: str, tool: ModuleType) -> str:
    _, _, rest = page.partition(tool.BEGIN)
    section, _, _ = rest.partition(tool.END)
    return section


def test_the_section_is_written_between_its_marks(
    home: Path, list_mechanisms: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_demo(home)
    ingest(Workspace())
    page = tmp_path / "findings.md"
    page.write_text(f"before\n{list_mechanisms.BEGIN}old\n{list_mechanisms.END}after\n", encoding="utf-8")
    monkeypatch.setattr(list_mechanisms, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["list_mechanisms.py", "--write"])
    for _ in range(2):
        assert list_mechanisms.main() == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{list_mechanisms.BEGIN}\n37 main sessions by their start.\n\n### Apparent retries")
    assert text.endswith(f"{list_mechanisms.END}after\n")
    assert re.findall("^#+ ", text, re.MULTILINE) == ["### "] * len(load_mechanisms())


def test_the_page_tells_of_each_mechanism_and_what_it_does_not_prove(list_mechanisms: ModuleType) -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = section_of(page, list_mechanisms)
    titles = re.findall("^### (.+) – `?([a-z_]+)`?$", section, re.MULTILINE)
    assert titles == [(one.title, name) for name, one in load_mechanisms().items()]
    assert section.count("\nWhat it does not prove: ") == len(load_mechanisms())
    assert page.index(list_mechanisms.BEGIN) < page.index("<!-- findings: made by"), "the page's first section"


def test_the_how_to_names_each_mechanism() -> None:
    page = (ROOT / "docs" / "how-to" / "findings.md").read_text(encoding="utf-8")
    assert [name for name in load_mechanisms() if f"`{name}`" not in page] == []


def test_the_page_tells_what_the_real_histories_show(
    shared_data: Path, list_mechanisms: ModuleType, tmp_path: Path
) -> None:
    for agent, home in (("claude_code", "claude_home"), ("codex", "codex_home")):
        ingest(Workspace(tmp_path, Settings()), agent=agent, path=shared_data / home)
    section = section_of(PAGE.read_text(encoding="utf-8"), list_mechanisms)
    assert section.strip() == list_mechanisms.make_section(tmp_path).strip()
