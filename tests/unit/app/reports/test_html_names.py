"""Pseudonyms: which names go, which stay, and that nobody can guess one."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest

from tachograph.app.reports.html_names import KEY_FILE, Names, Pseudonyms, load_pseudonyms
from tachograph.sources import _claude_tools, _codex_tools

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
HOSTILE = "</title><script>alert(1)</script>"


@pytest.fixture
def safe() -> Pseudonyms:
    return Pseudonyms(KEY)


@pytest.mark.parametrize(
    ("kind", "name", "word"),
    [
        ("project", "/home/ada/orchard", "project"),
        ("agent_type", "acme-reviewer", "type"),
        ("tool", "mcp__ledger__post", "tool"),
        ("tool", "bash", "tool"),  # Claude Code's is written otherwise
        ("tool", HOSTILE, "tool"),
        ("tool", "\ud800", "tool"),
        ("model", "acme-coder-2", "model"),
    ],
)
def test_what_somebody_has_named_goes(safe: Pseudonyms, kind: str, name: str, word: str) -> None:
    shown = getattr(safe, kind)(name)
    assert re.fullmatch(word + "-[0-9a-f]{8}", shown)
    assert getattr(safe, kind)(name) == shown
    assert getattr(Pseudonyms(KEY), kind)(name) == shown  # in every report of the installation
    assert getattr(Pseudonyms(OTHER_KEY), kind)(name) != shown  # and in none of another's


def test_a_session_is_named_by_its_id_and_never_by_what_it_is_about(safe: Pseudonyms) -> None:
    assert safe.session("claude_code:1", "Repair the login") == safe.session("claude_code:1", "Other title")
    assert safe.session("claude_code:1", "") != safe.session("claude_code:2", "")
    assert safe.session("claude_code:1", "x").startswith("session-")


def test_one_name_has_other_pseudonyms_in_other_places(safe: Pseudonyms) -> None:
    shown = [safe.project("orchard"), safe.tool("orchard"), safe.agent_type("orchard"), safe.model("orchard")]
    assert len({text.partition("-")[2] for text in shown}) == 4


def test_where_a_project_lies_is_not_told(safe: Pseudonyms) -> None:
    assert safe.place("/home/ada/orchard") == ""


@pytest.mark.parametrize(
    ("category", "shown"),
    [("shell", r"shell"), ("other", r"other"), ("mcp:ledger", r"mcp:server-[0-9a-f]{8}"), ("x", r"category-[0-9a-f]+")],
)
def test_a_servers_name_goes_and_categories_stay(safe: Pseudonyms, category: str, shown: str) -> None:
    assert re.fullmatch(shown, safe.category(category))


@pytest.mark.parametrize(
    "model",
    [
        "claude-sonnet-5", "claude-opus-4-6", "claude-haiku-4-5-20251001", "claude-3-7-sonnet-latest",
        "claude-opus-4-6[1m]", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic/claude-sonnet-4.5",
        "gpt-5.4", "gpt-5.1-codex-max", "gpt-5-mini", "gpt-4o", "gpt-oss:20b", "o3", "o4-mini", "gemini-2.5-pro",
        "qwen3-coder:30b", "deepseek-v3", "deepseek-chat", "codex-mini-latest",
    ],
)  # fmt: skip
def test_published_models_keep_their_names(safe: Pseudonyms, model: str) -> None:
    assert safe.model(model) == model


@pytest.mark.parametrize(
    "model",
    [
        "ft:gpt-4o-mini:acme:orders:abc123", "claude-sonnet-5-acme", "gpt-5-acme", "acme/gpt-5", "gpt-5 acme",
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/x1", "gpt-5@123456789012",
        "acme.claude-sonnet-5", "claude-" + "1" * 12, "claude-" + "1-" * 60 + "!", "claude" + "1" * 90,
        "gpt-", "claude--5",
    ],
)  # fmt: skip
def test_models_that_may_tell_of_their_owner_do_not(safe: Pseudonyms, model: str) -> None:
    assert safe.model(model).startswith("model-")


@pytest.mark.parametrize("tool", sorted({*_claude_tools._CATEGORIES, *_codex_tools._CATEGORIES}))
def test_tools_of_the_agents_stay(safe: Pseudonyms, tool: str) -> None:
    assert safe.tool(tool) == tool


@pytest.mark.parametrize("name", ["main", "subagent", "Explore", "Plan", "general-purpose"])
def test_kinds_of_agents_that_come_with_them_stay(safe: Pseudonyms, name: str) -> None:
    assert safe.agent_type(name) == name


@pytest.mark.parametrize("names", [Names(), Pseudonyms(KEY)])
def test_what_is_not_known_is_said_to_be_so(names: Names) -> None:
    assert names.project("") == "(no project)"
    assert {names.tool(""), names.agent_type(""), names.model("")} == {"(unknown)"}


def test_as_they_are_projects_are_called_by_what_tells_them_apart() -> None:
    names = Names(["/home/ada/orchard/web", "/home/ada/shop/web", "/home/ada/lab"])
    assert [names.project(path) for path in ("/home/ada/orchard/web", "/home/ada/lab")] == ["orchard/web", "lab"]
    assert names.place("/home/ada/lab") == "/home/ada/lab"
    assert (names.session("claude_code:1", ""), names.session("claude_code:1", "A title")) == (
        "claude_code:1",
        "A title",
    )
    assert (names.tool("x"), names.category("mcp:y"), names.model("z"), names.agent_type("t")) == (
        "x",
        "mcp:y",
        "z",
        "t",
    )


# --------------------------------------------------------------------------------------------------------- the key


def test_the_key_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first = load_pseudonyms(tmp_path / "data")
    key = tmp_path / "data" / KEY_FILE
    held = key.read_bytes()
    assert len(held) == 32
    assert load_pseudonyms(tmp_path / "data").project("x") == first.project("x")
    assert key.read_bytes() == held
    if os.name != "nt":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_installations_have_keys_of_their_own(tmp_path: Path) -> None:
    assert load_pseudonyms(tmp_path / "a").project("x") != load_pseudonyms(tmp_path / "b").project("x")


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_key_that_is_none_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    load_pseudonyms(tmp_path)
    assert len((tmp_path / KEY_FILE).read_bytes()) == 32


@pytest.mark.parametrize("kind", ["project", "place", "agent_type", "tool", "category", "model", "text"])
def test_what_is_long_is_cut(kind: str) -> None:
    assert getattr(Names(), kind)("x" * 160) == "x" * 160
    assert getattr(Names(), kind)("x" * 1000) == "x" * 159 + "…"
    assert len(getattr(Pseudonyms(KEY), kind)("x" * 1000)) < 40
