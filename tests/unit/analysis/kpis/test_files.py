"""KPIs of files: earlier work taken out again, documents that were named and read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tachograph.analysis.kpis import Lacking, Seen
from tachograph.analysis.kpis._documents import find_documents, read_documents
from tachograph.analysis.kpis.files import document_coverage, rework_rate
from tachograph.model import FileTouch, Session
from tests.builders.session import SessionScript

UNCOUNTED = Lacking("its log does not say how many lines its edits took out")

# ------------------------------------------------------------------------------------------------------- rework


def edits(*steps: str) -> Seen:
    """``>`` a prompt; ``a+3-1`` an edit of the file a; ``a?`` one without counts; ``a+3-1!`` one that failed."""
    script = SessionScript()
    for step in steps:
        if step == ">":
            script.prompt()
        else:
            script.call("Edit", "edit", "error" if step.endswith("!") else "ok", **_counts(step.rstrip("!")))
    return Seen(script.done())


def _counts(step: str) -> dict[str, Any]:
    given: dict[str, Any] = {"path": step[0], "file_op": "modify"}
    if "+" in step:
        added, _, removed = step[2:].partition("-")
        given.update(lines_added=int(added), lines_removed=int(removed))
    return given


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        ("> a+9-0 b+9-0 > a+1-1 b+2-0 c+1-1", 0.2),
        ("> a+9-0 a+1-1 a+1-1 a+1-1 > b+1-1", 0.0),
        ("> a+0-5 b+1-0 > a+0-5 c+1-0 c+1-1", 0.0),
        ("> a+9-0 > a+0-1 > a+0-1 > a+0-1 > a+0-1", 0.8),
        ("> a+9-0 > a+1-0 a+0-1 b+1-0 c+1-0", 0.2),
        ("> a+9-0! > a+0-1 a+0-1 a+0-1 a+0-1 a+0-1", 0.0),
        ("> a+9-0 > a+0-1! b+1-0 b+1-0 b+1-0 b+1-0", 0.0),
        ("> a+9-0 b+1-0 c+1-0 d+1-0 > a?", UNCOUNTED),
        ("> a? b+1-0 c+1-0 d+1-0 > a+1-0", 0.0),
        ("> a? b+1-0 c+1-0 d+1-0 > a+1-1", 0.2),
        ("> a? a? b? c? > d?", 0.0),
        ("a+9-0 > a+1-1 b+1-0 c+1-0 d+1-0", None),
        ("a+9-0 > > a+1-1 b+1-0 c+1-0 d+1-0", 0.2),
        ("> a+9-0 > a+1-1 b+1-0 c+1-0", None),
        ("> a+9-0 a+1-1 b+1-0 c+1-0 d+1-0", None),
    ],
)
def test_edits_that_took_out_what_an_earlier_turn_may_have_put_in(steps: str, value: object) -> None:
    assert rework_rate(edits(*steps.split())) == value


def test_a_patch_of_several_files_is_one_edit() -> None:
    more = (FileTouch("b", "modify"), FileTouch("c", "create"))
    script = SessionScript().prompt()
    script.call("apply_patch", "edit", path="a", file_op="modify", more_files=more, lines_added=9, lines_removed=0)
    script.prompt()
    for path in "cbxy":
        script.call("apply_patch", "edit", path=path, file_op="modify", lines_added=0, lines_removed=1)
    assert rework_rate(Seen(script.done())) == 0.4


# ---------------------------------------------------------------------------------------------------- documents


def named(text: str, kind: str = "human", agent: str = "claude_code") -> list[str]:
    session = SessionScript().prompt(text, kind).done()
    return find_documents(msgspec.structs.replace(session, agent=agent))


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("Translate docs/one.md, two.txt and `three.RST`.", ["docs/one.md", "two.txt", "three.rst"]),
        (
            'Read "report.docx" (and data.csv); then plan.html: what is in x.pdf?',
            ["report.docx", "data.csv", "plan.html", "x.pdf"],
        ),
        (
            "Look at ./a.md, ../b.md, ~/c.md, /srv/d.md and C:\\docs\\e.md.",
            ["a.md", "../b.md", "~/c.md", "/srv/d.md", "c:/docs/e.md"],
        ),
        (
            "docs/plan.md says so; plan.md is right, README.md too, old/README.md not.",
            ["docs/plan.md", "old/readme.md"],
        ),
        ("a.md and A.md and a.md again", ["a.md"]),
        ("Mend main.py, index.ts, x.mdb and config.toml, list *.md, fill page.md.j2", []),
        ("List docs/*/page.md, *notes.md and {name}.md", []),
        ("See https://house.example/docs/guide.md or file:///srv/x.txt", []),
        ("Why?\n```\nopen missing.txt\n```\nIt is in there.md", ["there.md"]),
        ("Follow CLAUDE.md and docs/AGENTS.md.", []),
        ("It printed /tmp/run/out.txt and /var/folders/zz/y.txt", []),
        ("<system-reminder>notes.md was read</system-reminder>Go on with todo.md", ["todo.md"]),
        ("größe.md", ["größe.md"]),
        ("", []),
    ],
)
def test_documents_are_names_with_the_ending_of_a_text(text: str, documents: list[str]) -> None:
    assert named(text) == documents


def test_files_given_with_a_sign_are_put_in_by_claude_code_but_not_by_codex() -> None:
    assert named("Sum up @docs/one.md and two.md") == ["two.md"]
    assert named("Sum up @docs/one.md and two.md", agent="codex") == ["docs/one.md", "two.md"]


@pytest.mark.parametrize(
    ("kind", "documents"),
    [
        ("human", ["a.md"]),
        ("task", ["a.md"]),
        ("slash", ["a.md"]),
        ("meta", []),
        ("notification", []),
        ("compact_summary", []),
    ],
)
def test_only_what_a_person_or_a_parent_asks_names_documents(kind: str, documents: list[str]) -> None:
    assert named("/sum a.md" if kind == "slash" else "Sum up a.md", kind) == documents


def test_a_document_that_the_session_made_is_none_it_had_to_read() -> None:
    session = SessionScript().prompt("Write docs/new.md after old.md").touch("create", "/home/ada/docs/new.md").done()
    assert find_documents(session) == ["old.md"]
    failed = SessionScript().prompt("Write new.md").touch("create", "/home/ada/new.md", status="error").done()
    assert find_documents(failed) == ["new.md"]


def reading(**fields: Any) -> set[str]:
    """Which of four documents one call read."""
    given = {"name": "Bash", "category": "shell", **fields}
    return read_documents(SessionScript().call(**given).done(), ["docs/one.md", "two.md", "/srv/three.md", "~/four.md"])


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"path": "/home/ada/docs/one.md", "file_op": "read"}, {"docs/one.md"}),
        ({"path": "C:\\Work\\Docs\\ONE.md", "file_op": "read"}, {"docs/one.md"}),
        ({"path": "/home/ada/other/one.md", "file_op": "read"}, set()),
        ({"path": "/home/ada/x/two.md", "file_op": "read"}, {"two.md"}),
        ({"path": "/home/ada/not-two.md", "file_op": "read"}, set()),
        ({"path": "/srv/three.md", "file_op": "read"}, {"/srv/three.md"}),
        ({"path": "/home/ada/four.md", "file_op": "read"}, {"~/four.md"}),
        ({"path": "one.md", "file_op": "read", "cwd": "/home/ada/docs"}, {"docs/one.md"}),
        ({"path": "/home/ada/two.md", "file_op": "modify"}, set()),
        ({"path": "/home/ada/two.md", "file_op": "read", "status": "error"}, set()),
        (
            {"path": "/x.md", "file_op": "read", "more_files": (FileTouch("/home/ada/two.md", "read"),)},
            {"two.md"},
        ),
        ({"command": "cat docs/one.md two.md"}, {"docs/one.md", "two.md"}),
        ({"command": "cd docs && sed -n 1,40p one.md"}, {"docs/one.md"}),
        ({"command": "head -5 ./two.md | grep -v x"}, {"two.md"}),
        ({"command": "head -5 ./two.md | wc -l"}, set()),
        ({"command": "cat two.md", "status": "error"}, set()),
        ({"command": "ls -la two.md && git rm two.md"}, set()),
        ({"command": "Get-Content -Raw 'docs\\one.md'"}, {"docs/one.md"}),
        ({"command": "Get-Content docs/one.md -TotalCount 5 | Select-Object -First 2"}, {"docs/one.md"}),
        ({"command": None}, set()),
    ],
)
def test_a_document_is_read_by_a_tool_or_by_a_command_that_prints_it(fields: dict[str, Any], found: set[str]) -> None:
    assert reading(**fields) == found


def test_coverage_is_the_part_of_the_named_documents_that_was_read() -> None:
    script = SessionScript().prompt("Translate one.md, two.md and three.md.").response(output=1)
    assert document_coverage(Seen(script.done())) == 0.0
    script.touch("read", "/home/ada/one.md").touch("read", "/home/ada/one.md")
    assert document_coverage(Seen(script.done())) == pytest.approx(1 / 3)
    script.call(command="cat two.md three.md")
    assert document_coverage(Seen(script.done())) == 1.0


def test_without_a_named_document_or_without_texts_there_is_no_coverage() -> None:
    assert document_coverage(Seen(SessionScript().prompt("Mend main.py").touch("read", "/notes.md").done())) is None
    assert document_coverage(Seen(SessionScript().prompt("").done())) is None
    assert document_coverage(Seen(Session("claude_code:s1", "claude_code", "main"))) is None
