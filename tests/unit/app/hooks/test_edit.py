"""Our entries among those of others."""

from __future__ import annotations

import json

import pytest

from tachograph.app.hooks.edit import STATUS_LINE, find_ours, install, uninstall
from tachograph.app.hooks.entries import Program, wanted_groups, wanted_status_line

NEW = Program("/new/tacho-hook")
GROUPS = wanted_groups("claude_code", NEW, gate=False)
LINE = wanted_status_line(NEW)
OLD = {"type": "command", "command": "/old/tacho-hook", "args": ["session-start"]}
OTHER = {"type": "command", "command": "lint", "timeout": 3}


def test_a_whole_file_is_laid_out_as_the_file_is():
    edited = install('{\n\t"model": "opus"\n}\n', {"SessionEnd": GROUPS["SessionEnd"]}, LINE)
    assert edited.text == (
        '{\n\t"model": "opus",\n\t"hooks": {\n\t\t"SessionEnd": [\n\t\t\t{\n\t\t\t\t"hooks": [\n\t\t\t\t\t{\n'
        '\t\t\t\t\t\t"type": "command",\n\t\t\t\t\t\t"command": "/new/tacho-hook",\n\t\t\t\t\t\t"args": [\n'
        '\t\t\t\t\t\t\t"session-end"\n\t\t\t\t\t\t],\n\t\t\t\t\t\t"timeout": 3\n\t\t\t\t\t}\n\t\t\t\t]\n\t\t\t}\n'
        "\t\t]\n\t},\n"
        '\t"statusLine": {\n\t\t"type": "command",\n\t\t"command": "/new/tacho-hook statusline"\n\t}\n}\n'
    )
    assert edited.made == ("hooks", "hooks.SessionEnd")
    assert uninstall(edited.text, edited.made) == '{\n\t"model": "opus"\n}\n'


@pytest.mark.parametrize(
    ("held", "left"),
    [
        ([{"hooks": [OLD]}], []),
        ([{"hooks": [OLD, OTHER]}], [{"hooks": [OTHER]}]),
        ([{"hooks": [OTHER, OLD]}], [{"hooks": [OTHER]}]),
        ([{"matcher": "startup", "hooks": [OLD]}, {"hooks": [OTHER]}], [{"hooks": [OTHER]}]),
        ([{"hooks": [OLD]}, {"hooks": [OLD, OLD]}, {"hooks": [OTHER]}], [{"hooks": [OTHER]}]),
        ([{"hooks": []}], [{"hooks": []}]),
    ],
)
@pytest.mark.parametrize("indent", [None, 4])
def test_ours_of_whatever_age_are_taken_out_and_nothing_else(held, left, indent):
    text = json.dumps({"hooks": {"SessionStart": held, "Stop": held[:0]}, "z": 1}, indent=indent)
    assert json.loads(uninstall(text, ())) == {"hooks": {"SessionStart": left, "Stop": []}, "z": 1}
    edited = install(text, GROUPS, None)
    assert json.loads(edited.text)["hooks"]["SessionStart"] == [*left, GROUPS["SessionStart"]]


def test_ours_at_an_event_that_is_not_wanted_go():
    text = json.dumps({"hooks": {"UserPromptSubmit": [{"hooks": [{**OLD, "args": ["user-prompt-submit"]}]}]}})
    assert json.loads(install(text, GROUPS, None).text)["hooks"] == {
        "UserPromptSubmit": [],
        **{event: [group] for event, group in GROUPS.items()},
    }


def test_events_that_are_not_ours_may_have_any_shape():
    text = json.dumps({"hooks": {"SomeDay": {"new": "shape"}, "Stop": "no"}})
    edited = install(text, GROUPS, None)
    assert json.loads(edited.text)["hooks"]["SomeDay"] == {"new": "shape"}
    assert json.loads(uninstall(edited.text, edited.made)) == json.loads(text)


def test_ours_are_listed_with_their_place():
    document = {"hooks": {"SessionEnd": [{"hooks": [OTHER, {**OLD, "args": ["session-end"]}]}]}, STATUS_LINE: LINE}
    assert [(one.path, one.event, one.words) for one in find_ours(document)] == [
        (("hooks", "SessionEnd", 0, "hooks", 1), "SessionEnd", ("/old/tacho-hook", "session-end")),
        ((STATUS_LINE,), STATUS_LINE, ("/new/tacho-hook", "statusline")),
    ]
