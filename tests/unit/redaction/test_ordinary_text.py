"""Source code that nobody wrote with secrets in mind: how much of it is taken for one, and how fast it goes."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

from tachograph.redaction import Redactor, bundled_rules
from tests.effort import takes_at_most

REDACTOR = Redactor(bundled_rules())
LEAST = 3_000_000
"""Characters that make a measurement."""


@pytest.fixture(scope="module")
def library() -> list[str]:
    """Modules of the standard library, without tests and installed packages."""
    texts, size = [], 0
    for folder, folders, files in os.walk(sysconfig.get_path("stdlib")):
        folders[:] = sorted(
            set(folders) - {"test", "tests", "idlelib", "site-packages", "dist-packages", "__pycache__"}
        )
        for name in sorted(files):
            if name.endswith(".py"):
                texts.append(Path(folder, name).read_text(encoding="utf-8", errors="replace"))
                size += len(texts[-1])
    if size < LEAST:
        pytest.skip("this Python comes without its sources")
    return texts


def test_at_most_one_false_hit_in_a_megabyte_of_source_code(library):
    """In version 3.11: two defaults of passwords and a cookie of an example, in 8 MB."""
    hits = [
        text for text in library for _ in range(REDACTOR.clean(text).count("[redacted:") - text.count("[redacted:"))
    ]
    assert len(hits) <= sum(map(len, library)) / 1_000_000


def test_source_code_is_cleaned_at_5_mb_a_second_and_more(library):
    sample, size = [], 0
    for text in library:
        sample.append(text)
        size += len(text)
        if size > LEAST:
            break
    takes_at_most(size / 5_000_000, lambda: [REDACTOR.clean(text) for text in sample])
