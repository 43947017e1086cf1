"""Whatever a log, or a damaged store, holds: it is text on the pages of sessions and turns, and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from tachograph.app.ingest import ingest
from tachograph.app.workspace import Workspace
from tachograph.errors import TachographError
from tachograph.warehouse.store import open_writer, transaction
from tests.builders.small import make_workspace
from tests.builders.wasteful import Wasteful, wasteful
from tests.dashboard.session_pages import opened
from tests.security.everywhere import write_everywhere

__all__ = ["wasteful"]

PAYLOADS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus=alert(1) autofocus x='",
    "javascript:alert(1)", "</script><script>alert(1)</script>", "{{ 7391 * 7391 }}{% raw %}",
    "<!-- ]]> --><svg onload=x>",
    "a\x00b\x1b[31m\u202eexe.txt\u2028", "\\u003cscript\\u003e", "&lt;b&gt;&#106;",
)  # fmt: skip
_STORED = {
    "sessions": ("title", "opening", "agent_type", "project", "git_branch", "version", "entrypoint", "model"),
    "segments": ("agent_type", "project", "git_branch", "title", "opening", "entrypoint"),
    "responses": ("id", "model", "provider", "stop_reason", "branch"),
    "tool_calls": ("name", "category", "command", "path", "error_signature", "agent_type", "spawned", "cwd"),
    "prompts": ("text",), "markers": ("detail",), "logs": ("path",), "usage_quarters": ("model",),
    "findings": ("detector",),
}  # fmt: skip


class _Tags(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        self.addresses.update(value or "" for name, value in attrs if name in ("href", "src", "action", "hx-get"))


def _pages(workspace: Workspace) -> dict[str, str]:
    """Every page of every session and turn."""
    found = {}
    with opened(workspace) as told:
        ids = [one for (one,) in told.connection.execute("SELECT id FROM sessions ORDER BY id")]
        for one in ids:
            data = told.session(one)
            found[one] = told.html(data)
            for turn in data.turns:
                found[f"{one} {turn.turn.number}"] = told.html(told.turn(one, turn.turn.number))
    return found


def _check(pages: dict[str, str]) -> None:
    for name, html in pages.items():
        parsed = _Tags(html)
        assert not {"img", "iframe", "object", "embed", "b:x"} & parsed.tags, name
        assert not [one for one in parsed.attributes if one.startswith("on") or one in ("style", "autofocus")], name
        assert all(one.startswith(("/", "#")) and not one.startswith("//") for one in parsed.addresses), name
        assert not set("\x00\x1b\u202e\u2028") & set(html), name
        scripts = html.count("<script")
        assert (
            scripts
            == html.count("</script>")
            == html.count('<script src="/static/') + html.count('<script type="application/json"')
        ), name
        assert "54626881" not in html, name


@pytest.mark.parametrize("payload", [" ".join(PAYLOADS), "javascript:alert(1)", '"><img src=x onerror=alert(1)>'])
def test_hostile_text_in_every_column_stays_text(wasteful: Wasteful, payload: str) -> None:
    workspace = wasteful.ingest()
    with open_writer(workspace.folder) as writer, transaction(writer):
        for table, columns in _STORED.items():
            writer.execute(f"UPDATE {table} SET {', '.join(f'{column} = ?1' for column in columns)}", (payload,))
        writer.execute("UPDATE segments SET cwds = json_array(?1), versions = json_array(?1)", (payload,))
        writer.execute(
            "UPDATE findings SET evidence = json_set(evidence, '$.facts.path', ?1, '$.calls[0]', ?1)", (payload,)
        )
        writer.execute("INSERT INTO assignments SELECT ?1, id, ?1, ?1, 'control', 0.5, 0 FROM sessions", (payload,))
    pages = _pages(workspace)
    assert len(pages) > 30
    _check(pages)


def test_hostile_logs_stay_text(home: Path) -> None:
    count = iter(range(10**6))
    write_everywhere(
        home / "logs", lambda kind, place: "x" if kind == "file" else PAYLOADS[next(count) % len(PAYLOADS)], 2
    )
    (home / "logs" / "claude").rename(home / ".claude")
    (home / "logs" / "codex").rename(home / ".codex")
    workspace = make_workspace(home)
    ingest(workspace)
    _check(_pages(workspace))


def test_hostile_parameters_find_nothing_and_break_nothing(wasteful: Wasteful) -> None:
    name = f"claude_code:{wasteful.loops.session_id}"
    with opened(wasteful.ingest()) as told:
        for payload in (*PAYLOADS, "../../etc/passwd", "' OR 1=1 --", "%", "_", "a" * 2000, "\ud800"):
            with pytest.raises(TachographError):
                told.session(payload)
            with pytest.raises(TachographError):
                told.session(name, part=payload)
            found = told.turn(name, 1, call=payload)
            assert not any(step.sought for step in found.steps)
        told.html(found)
