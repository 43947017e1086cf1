"""Installing the hooks into any settings keeps everything else, and taking them out gives the same bytes."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.hooks import edit
from tachograph.app.hooks.entries import Program, wanted_groups, wanted_status_line
from tachograph.app.hooks.install import Request, install_hooks, uninstall_hooks
from tachograph.app.workspace import Workspace
from tachograph.settings import Settings

PROGRAM = Program("/opt/tacho/bin/tacho-hook")
GROUPS = wanted_groups("claude_code", PROGRAM, gate=True)
LINE = wanted_status_line(PROGRAM)

words = st.text(st.characters(exclude_categories=["Cs"]))  # lone halves of characters cannot be in a file
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
handlers = st.fixed_dictionaries(
    {"type": st.just("command"), "command": st.sampled_from(["lint", "/bin/x y", "tacho"])}
)
groups = st.fixed_dictionaries(
    {"hooks": st.lists(handlers, max_size=2)}, optional={"matcher": st.sampled_from(["", "*", "startup"])}
)
hooks = st.dictionaries(st.sampled_from([*GROUPS, "Stop", "PreToolUse"]), st.lists(groups, max_size=3))
documents = st.builds(
    lambda one, two, held: {**one, **held, **two},
    st.dictionaries(words.filter(lambda key: key not in ("hooks", "statusLine")), values, max_size=3),
    st.dictionaries(st.sampled_from(["model", "env", "é"]), values),
    st.just({}) | hooks.map(lambda held: {"hooks": held}),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A settings file in some layout."""
    text = json.dumps(
        draw(documents),
        indent=draw(st.sampled_from([None, 2, 4, "\t", 1])),
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ": "), (", ", ": "), (",", ":"), (" ,", " : ")])),
    )
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text + draw(st.sampled_from(["", "\n", "\n\n", "\r\n"]))


@given(texts())
def test_everything_else_stays(text: str) -> None:
    before = json.loads(text)
    edited = edit.install(text, GROUPS, LINE)
    after = json.loads(edited.text)
    assert {key: value for key, value in after.items() if key not in ("hooks", "statusLine")} == {
        key: value for key, value in before.items() if key != "hooks"
    }
    assert list(after)[: len(before)] == list(before)
    for event, group in GROUPS.items():
        assert after["hooks"][event] == [*before.get("hooks", {}).get(event, []), group]
    others = {event: held for event, held in before.get("hooks", {}).items() if event not in GROUPS}
    assert {event: held for event, held in after["hooks"].items() if event not in GROUPS} == others
    assert after["statusLine"] == LINE


@given(texts())
def test_a_second_time_changes_nothing(text: str) -> None:
    once = edit.install(text, GROUPS, LINE)
    assert edit.install(once.text, GROUPS, LINE, once.made) == once


@given(texts())
def test_taking_them_out_leaves_what_was_there(text: str) -> None:
    edited = edit.install(text, GROUPS, LINE)
    left = edit.uninstall(edited.text, edited.made)
    assert json.loads(left) == json.loads(text)
    assert edit.find_ours(json.loads(left)) == []


@given(texts(), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_installing_and_uninstalling_gives_the_same_bytes(text: str, mark: bytes) -> None:
    held = mark + text.encode()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = folder / ".claude" / "settings.json"
        settings.parent.mkdir()
        settings.write_bytes(held)
        (folder / ".git").mkdir()
        workspace = Workspace(folder / "data", Settings())
        request = Request(directory=folder, agent="claude_code", scope="project", status_line=True)
        assert install_hooks(workspace, request).files[0].action == "installed"
        assert settings.read_bytes() != held
        assert install_hooks(workspace, request).files[0].action == "unchanged"
        assert uninstall_hooks(workspace, request).files[0].action == "restored"
        assert settings.read_bytes() == held
        assert sorted(os.listdir(settings.parent)) == ["settings.json"]
