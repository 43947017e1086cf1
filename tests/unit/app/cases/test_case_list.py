from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.app.cases.case_list import CaseList
from tachograph.app.expect.document import MOST_BYTES
from tachograph.app.expect.errors import ExpectationError
from tachograph.app.expect.yaml_text import indent, write_text
from tachograph.errors import Busy, TachographError

NEW = {"id": "new", "inputs": {"prompt": "Go."}}
LINES = ["- id: new # fresh", "  inputs:", "    prompt: Go."]

MANY = """\
# Ground truth of the demo skill
name: 'demo'   # theirs

test_cases:
  # the first one
  - id: 'a'  # quoted
    inputs: {prompt: "hi"}
    # inner remark

  - id: b
    inputs:
      prompt: |
        # no comment

        end
    # trailing remark of b
  # - id: disabled

# about the rest
other:   [1,   2]
"""


def opened(folder: Path, text: str) -> CaseList:
    path = folder / "ground_truth.yaml"
    path.write_bytes(text.encode())
    return CaseList.open(path)


def saved(changed: CaseList) -> str:
    changed.save()
    return changed.path.read_bytes().decode()


def test_a_case_is_put_behind_the_last_one_and_every_other_byte_stays(tmp_path: Path) -> None:
    text = saved(opened(tmp_path, MANY).append(LINES, NEW))

    place = MANY.index("  # - id: disabled")
    added = "\n  - id: new # fresh\n    inputs:\n      prompt: Go.\n"  # a blank line, as between the others
    assert text == MANY[:place] + added + MANY[place:]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", "test_cases:\n  {new}\n"),
        ("# only a remark\n", "# only a remark\ntest_cases:\n  {new}\n"),
        ("name: x\n", "name: x\ntest_cases:\n  {new}\n"),
        ("name: x", "name: x\ntest_cases:\n  {new}"),
        ("test_cases:\n", "test_cases:\n  {new}\n"),
        ("test_cases:  # none yet\nname: x\n", "test_cases:  # none yet\n  {new}\nname: x\n"),
        ("test_cases: []\nname: x\n", "test_cases:\n  {new}\nname: x\n"),
        ("test_cases: [ ] # none\n", "test_cases: # none\n  {new}\n"),
        ("test_cases: null\n", "test_cases:\n  {new}\n"),
        ('"test_cases": ~\n', '"test_cases":\n  {new}\n'),
        ("test_cases:\n- id: a\n", "test_cases:\n- id: a\n{new}\n"),
        ("test_cases:\n- id: a", "test_cases:\n- id: a\n{new}"),
        ("test_cases:\n    -   id: a\n        x: 1\n", "test_cases:\n    -   id: a\n        x: 1\n    {new}\n"),
        ("test_cases:\n-\n  id: a\n", "test_cases:\n-\n  id: a\n{new}\n"),
        ("test_cases:\n- # first\n  id: a\n\n\n# end\n", "test_cases:\n- # first\n  id: a\n{new}\n\n\n# end\n"),
        ("test_cases:\n- {id: a}\n", "test_cases:\n- {id: a}\n{new}\n"),
        ("test_cases:\n- id: a\n\n- id: b\n", "test_cases:\n- id: a\n\n- id: b\n\n{new}\n"),
        ("test_cases:\n- id: a\n...\n", "test_cases:\n- id: a\n{new}\n...\n"),
        ("---\ntest_cases:\n- id: a\n# x\nz: 1\n", "---\ntest_cases:\n- id: a\n{new}\n# x\nz: 1\n"),
        ("test_cases:\n- id: |+\n    a\n\n\n", "test_cases:\n- id: |+\n    a\n\n\n{new}\n"),
        ("test_cases: &all\n- &a\n  id: a\n", "test_cases: &all\n- &a\n  id: a\n{new}\n"),
        ("\ufefftest_cases:\n- id: a\n", "\ufefftest_cases:\n- id: a\n{new}\n"),
        ("test_cases:\r\n- id: a\r\n", "test_cases:\r\n- id: a\r\n{new}\r\n"),
        ("test_cases:\r\n- id: a", "test_cases:\r\n- id: a\r\n{new}"),
    ],
)
def test_lists_of_every_form_get_their_case(tmp_path: Path, text: str, result: str) -> None:
    start = result[: result.index("{new}")].rpartition("\n")[2]
    ending = "\r\n" if "\r\n" in text else "\n"
    wanted = result.replace("{new}", (ending + start).join(LINES))

    assert saved(opened(tmp_path, text).append(LINES, NEW)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "test_cases: [{id: a}]\n",
        "{test_cases: [{id: a}]}\n",
        "{}\n",
        "test_cases: [\n]\n",
        "test_cases: &none []\n",
    ],
)
def test_what_is_not_written_as_lines_is_refused_and_stays(tmp_path: Path, text: str) -> None:
    cases = opened(tmp_path, text)

    with pytest.raises(TachographError) as raised:
        cases.append(LINES, NEW)

    assert raised.value.slug == "cannot_edit_cases"
    assert cases.path.read_text() == text


def test_lines_that_say_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TachographError, match="no place for another case"):
        opened(tmp_path, MANY).append(["- id: other"], NEW)


def test_a_list_that_is_full_takes_no_more(tmp_path: Path) -> None:
    text = f"# {'x' * 30_000}\n" * 17 + "test_cases:\n- id: a\n"
    cases = opened(tmp_path, f"# {'x' * (MOST_BYTES - len(text) - 20)}\n{text}")

    with pytest.raises(TachographError, match="cannot be edited: it is full"):
        cases.append(LINES, NEW)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "1:1: expected a mapping with test_cases"),
        ("test_cases: 5\n", "1:13: expected a list of cases"),
        ("test_cases:\n- id: a\n- b\n", "3:3: expected a mapping with id, inputs, expectations"),
        ("a: 1\na: 2\n", "2:1: "),
    ],
)
def test_a_file_of_another_kind_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ExpectationError) as raised:
        opened(tmp_path, text)

    assert message in raised.value.message


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes("test_cases:\n- id: a\n".encode("utf-16"))

    with pytest.raises(TachographError, match="not UTF-8"):
        CaseList.open(path)


def test_a_case_is_taken_out_with_its_remarks(tmp_path: Path) -> None:
    cases = opened(tmp_path, MANY)

    first = MANY.index("  - id: 'a'")
    second = MANY.index("\n  - id: b")
    assert saved(cases.remove(0)) == MANY[:first] + MANY[second:]
    assert saved(opened(tmp_path, MANY).remove(1)) == MANY[: second + 1] + MANY[MANY.index("  # - id: disabled") :]


def test_the_last_case_leaves_an_empty_list_that_can_be_filled_again(tmp_path: Path) -> None:
    empty = opened(tmp_path, "name: x\ntest_cases: # mine\n- id: a\n  x: |\n    long\nz: 1\n").remove(0)

    assert saved(empty) == "name: x\ntest_cases: [] # mine\nz: 1\n"
    assert opened(tmp_path, "test_cases: []\n").append(["- id: b"], {"id": "b"}).cases == [{"id": "b"}]


def test_lines_of_a_case_begin_at_the_left_edge(tmp_path: Path) -> None:
    assert opened(tmp_path, MANY).lines_of(1) == [
        "- id: b", "  inputs:", "    prompt: |", "      # no comment", "", "      end", "  # trailing remark of b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "path", "value", "written", "result"),
    [
        ("status: candidate", ("status",), "approved", "approved", "status: approved"),
        ("status: 'it''s' # x", ("status",), "approved", "approved", "status: approved # x"),
        ('status: "a \\" b"', ("status",), "approved", "approved", "status: approved"),
        ("status:", ("status",), "approved", "approved", "status: approved"),
        ("status:   two words", ("status",), "approved", "approved", "status: approved"),
        ('review: {by: a, why: "}"} # x', ("review",), {"by": "b"}, "{by: b}", "review: {by: b} # x"),
        ("metadata: {trace_path: x}", ("metadata", "trace_path"), "y z", "y z", None),
        ("status: |\n    long", ("status",), "approved", "approved", None),
        ("status: [a]", ("status",), "approved", "approved", None),
        ("status: &x candidate\n  y: *x", ("status",), "approved", "approved", None),
    ],
)
def test_a_value_of_one_line_is_replaced_in_its_line(
    tmp_path: Path, line: str, path: tuple[str, ...], value: Any, written: str, result: str | None
) -> None:
    cases = opened(tmp_path, f"test_cases:\n- id: a\n  {line}\n  z: 1\n")
    if result is None:
        with pytest.raises(TachographError, match="cannot be set in the way it is written"):
            cases.set_value(0, path, value, written)
    else:
        assert saved(cases.set_value(0, path, value, written)) == f"test_cases:\n- id: a\n  {result}\n  z: 1\n"


def test_a_new_key_stands_behind_another(tmp_path: Path) -> None:
    cases = opened(tmp_path, "test_cases:\n  - id: a # first\n    status: x\n    z: 1\n")

    text = saved(cases.set_value(0, ("review",), "ok", "ok", after="status").set_value(0, ("by",), "Ada", "Ada"))

    assert text == "test_cases:\n  - id: a # first\n    by: Ada\n    status: x\n    review: ok\n    z: 1\n"


def test_a_key_is_dropped_with_its_line(tmp_path: Path) -> None:
    cases = opened(tmp_path, "test_cases:\n- id: a\n  status: x # y\n  z: 1\n")

    assert saved(cases.drop_key(0, "status").drop_key(0, "not there")) == "test_cases:\n- id: a\n  z: 1\n"
    with pytest.raises(TachographError, match="id cannot be taken out"):
        opened(tmp_path, "test_cases:\n- id: a\n  z: 1\n").drop_key(0, "id")


def test_somebody_elses_change_is_not_overwritten(tmp_path: Path) -> None:
    changed = opened(tmp_path, MANY).append(LINES, NEW)
    changed.path.write_text("test_cases: []\n")

    with pytest.raises(Busy):
        changed.save()

    assert changed.path.read_text() == "test_cases: []\n"


_texts = st.text("ab #:-|>\"'\n\t\\*&{}[]é", min_size=1, max_size=12)
_ids = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True)


@settings(max_examples=60)
@given(_ids, st.lists(_texts, min_size=4, max_size=4), st.integers(0, 4), st.booleans(), st.booleans())
def test_moving_cases_about_changes_no_other(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str], prompts: list[str], dash: int, spaced: bool, tail: bool
) -> None:
    cases = [{"id": id, "prompt": prompt} for id, prompt in zip(ids, prompts, strict=False)]
    lines = [[f"- id: {case['id']}", *indent(write_text("prompt", case["prompt"]))] for case in cases]
    gap = [""] if spaced else []
    body = [line for one in lines for line in (*indent(one, dash), *gap)]
    end = ["# tail", "z: 1", ""] if tail else [""]
    made = opened(tmp_path_factory.mktemp("cases"), "\n".join(["a: 1", "test_cases:", *body, *end]))
    assert made.cases == cases

    taken = made.lines_of(0)
    again = made.remove(0).append(taken, cases[0])

    assert again.cases == [*cases[1:], cases[0]]
    assert again.lines_of(len(cases) - 1) == taken
