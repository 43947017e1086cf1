from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.redaction import default_cleaner
from tachograph.sources._errors import describe_error
from tests.unit.sources.parsing import CLEAN


@pytest.mark.parametrize(
    ("text", "signature"),
    [
        ("Exit code 1\nFAILED tests/test_a.py:12 - assert 3 == 4", "FAILED tests/test_a.py:# - assert # == #"),
        ("Exit code 127", "Exit code #"),
        ("Process exited with code 2\nmake: *** [all] Error 2", "make: *** [all] Error #"),
        ("\n\n  first telling line  \nsecond", "first telling line"),
        ("<tool_use_error>File does not exist.</tool_use_error>", "File does not exist."),
        ("\x1b[31merror\x1b[0m: no such option", "error: no such option"),
        ("commit 3f9a1c2b7d not found", "commit # not found"),
        ("at 0x7ffdeadbeef", "at #"),
        ("deadbee is hexadecimal, decade is not", "# is hexadecimal, decade is not"),
        ('npm warn Unknown env config "x".\nnpm warn again\n\n> site@1.0.0 build\nError: no page', "Error: no page"),
        ("Exit code 1\nnpm notice New version\nTypeError: x is no function", "TypeError: x is no function"),
        ("npm WARN deprecated\nsh: tsc: not found", "sh: tsc: not found"),
        ("warning: unused variable\n --> src/a.rs:3:4\n  |\n3 | let x\n  | ^^\nerror[E0425]: no y", "error[E#]: no y"),
        ("WARNING: cache is off\nERROR: no such package", "ERROR: no such package"),
        ("[WARN] slow disk\nlost", "lost"),
        (
            "/a/b.py:3: DeprecationWarning: old\nTraceback (most recent call last):",
            "Traceback (most recent call last):",
        ),
        ("(node:7) ExperimentalWarning: new\n(Use `node --trace-warnings ...`)\nboom", "boom"),
        ("$ biome check .\nbiome: command not found", "biome: command not found"),
        ("=== RUN   TestA\na_test.go:7: want 3", "a_test.go:#: want #"),
        ("----\nRan no tests", "Ran no tests"),
        ("npm warn Unknown env config", "npm warn Unknown env config"),
        ("Exit code 1\n> build\nwarning: odd", "> build"),
        ("warnings were found", "warnings were found"),
        ("no Warning here\nnext", "no Warning here"),
        ("informed too late\nnext", "informed too late"),
        ("", None),
        ("  \n \n", None),
    ],
)
def test_errors_of_one_kind_have_one_signature(text, signature):
    assert describe_error(text, CLEAN).signature == signature


def test_a_signature_holds_no_secret_and_at_most_200_characters():
    secret = "gh" + "p_" + "Ab3" * 12
    signature = describe_error(f"cannot log in with {secret} " + "x" * 500, CLEAN).signature
    assert secret not in (signature or "")
    assert len(signature or "") == 200


def test_without_stored_text_there_is_none():
    assert describe_error("Exit code 1\nfailed", default_cleaner(store_text=False)).signature is None


@given(st.text(max_size=300))
def test_any_text_has_a_signature_or_none(text):
    signature = describe_error(text, CLEAN).signature
    assert signature is None or 0 < len(signature) <= 200
