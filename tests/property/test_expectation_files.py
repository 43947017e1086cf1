"""Whatever stands in a file of expectations, it is read, or what is wrong with it is told with its place."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tachograph.app.expect.blocks import own_keys
from tachograph.app.expect.cases import Case
from tachograph.app.expect.explain import explain_case
from tachograph.app.expect.forms import examine_file, read_block
from tachograph.report.sanitise import harmless

WORDS = st.sampled_from(
    [
        "Bash",
        "Read",
        "rm -rf",
        "*.sql",
        "/x(/",
        "5%",
        "mode",
        "exact",
        "steps",
        "tool",
        "command",
        "max_usd",
        "",
        "\x1b[2J",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | WORDS | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=8
)
KEYS = st.sampled_from(own_keys())
BLOCKS = st.dictionaries(
    KEYS | st.sampled_from(["session", "metadata", "tool_limit", "guidelines"]), VALUES, max_size=4
)
CASES = st.fixed_dictionaries(
    {},
    optional={
        "id": VALUES, "inputs": VALUES, "expectations": BLOCKS | VALUES,
        "metadata": st.dictionaries(st.sampled_from(["session_id", "trace_path", "tags"]), VALUES) | VALUES,
    },
)  # fmt: skip
SCORERS = st.fixed_dictionaries({}, optional={"enabled": VALUES, "trace_scorers": VALUES, "trace_expectations": BLOCKS})
FILES = (
    BLOCKS
    | VALUES
    | st.fixed_dictionaries(
        {},
        optional={
            "trace_expectations": BLOCKS | VALUES,
            "scorers": SCORERS | VALUES,
            "trace_scorers": VALUES,
            "test_cases": st.lists(CASES | VALUES, max_size=3) | VALUES,
            "name": VALUES,
        },
    )
)


@given(st.sampled_from(["a.yaml", "manifest.yaml", "ground_truth.yaml"]), FILES, FILES)
def test_no_file_raises_anything(name: str, content: object, beside: object) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        Path(folder, "manifest.yaml").write_text(json.dumps(beside))
        path.write_text(json.dumps(content))
        examined = examine_file(path)
    assert (examined.file is None) is bool(examined.errors)
    for error in examined.errors:
        assert error.line == 1
        assert error.column >= 1
        assert error.problem == harmless(error.problem)
    for case in () if examined.file is None else (*examined.file.cases, examined.file.common):
        assert_sound(case)


def assert_sound(case: Case) -> None:
    """What is shown of a case reads as what is checked, and can be put into words."""
    assert read_block(case.plain) == case.expectations
    assert [one.key for one in explain_case(case).asked] == list(case.expectations.asked)
