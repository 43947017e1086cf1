"""Which paths a pattern means."""

from __future__ import annotations

import pytest

from tachograph.analysis.expectations._paths import PathPattern, locate
from tests.effort import takes_at_most

HOME = "/home/ada/site"
ROOT_HOME = "/ro" + "ot"  # in two pieces, for no file here names a real home


@pytest.mark.parametrize(
    ("pattern", "path", "meant"),
    [
        # the end of a path
        ("a.sql", f"{HOME}/db/a.sql", True),
        ("a.sql", f"{HOME}/db/ba.sql", False),
        ("a.sql", f"{HOME}/a.sql/b", False),
        ("a.sql", f"{HOME}/A.sql", False),
        ("*.sql", f"{HOME}/db/a.sql", True),
        ("*.sql", f"{HOME}/db/.sql", True),
        ("*.sql", f"{HOME}/a.sql.bak", False),
        ("src/bronze_*.py", f"{HOME}/src/bronze_a.py", True),
        ("src/bronze_*.py", f"{HOME}/src/deep/bronze_a.py", False),
        ("src/bronze_*.py", f"{HOME}/libsrc/bronze_a.py", False),
        ("src/*", f"{HOME}/src/a/b.py", False),
        ("src/**", f"{HOME}/src/a/b.py", True),
        ("src/**", f"{HOME}/src/b.py", True),
        ("src/**", f"{HOME}/src", False),
        ("src/", f"{HOME}/src/a/b.py", True),
        ("src/**/b.py", f"{HOME}/src/b.py", True),
        ("src/**/b.py", f"{HOME}/src/x/y/b.py", True),
        ("**/b.py", "/b.py", True),
        ("**/x/**/y/*.py", "/q/x/1/x/2/y/a.py", True),
        ("**/x/**/y/*.py", "/q/x/1/x/2/y/z/a.py", False),
        ("a?.py", "/a1.py", True),
        ("a?.py", "/a.py", False),
        ("a?b", "/a/b", False),
        ("app/[id]/page.tsx", "/p/app/[id]/page.tsx", True),
        ("app/[id]/page.tsx", "/p/app/i/page.tsx", False),
        ("a.py", "a.py", True),
        ("**", "/a/b", True),
        # from the root
        ("/abs/file", "/abs/file", True),
        ("/abs/file", "/p/abs/file", False),
        ("/abs/*.py", "/abs/a.py", True),
        ("/abs/**/a.py", "/abs/x/a.py", True),
        ("/abs//./file", "/abs/file", True),
        ("~/notes/a.md", "/home/ada/notes/a.md", True),
        ("~/notes/a.md", "/Users/ada/notes/a.md", True),
        ("~/notes/a.md", f"{ROOT_HOME}/notes/a.md", True),
        ("~/notes/a.md", "~/notes/a.md", True),
        ("~/notes/a.md", "C:/Users/ada/notes/a.md", True),
        ("~/notes/a.md", "/srv/ada/notes/a.md", False),
        ("~/notes/a.md", "/home/ada/site/notes/a.md", False),
        ("~/*.md", "/rooted/a.md", False),
        ("C:\\repo\\*.sql", "C:/repo/a.sql", True),
        ("C:\\repo\\*.sql", "D:/repo/a.sql", False),
        ("db\\a.sql", "C:/repo/db/a.sql", True),
        # from the session's folder
        ("./a.py", f"{HOME}/a.py", True),
        ("./a.py", f"{HOME}/src/a.py", False),
        ("./src/*.py", f"{HOME}/src/a.py", True),
        ("../other/a.py", "/home/ada/other/a.py", True),
        ("./src/", f"{HOME}/src/x/a.py", True),
    ],
)
def test_a_pattern_means_whole_paths_or_their_ends(pattern: str, path: str, meant: bool) -> None:
    assert PathPattern.read(pattern).matches(path, HOME) is meant


@pytest.mark.parametrize(
    ("path", "folder", "located"),
    [
        ("a.py", "/p", "/p/a.py"),
        ("./x/../a.py", "/p", "/p/a.py"),
        ("/q/a.py", "/p", "/q/a.py"),
        ("~/a.py", "/p", "~/a.py"),
        ("C:\\x\\a.py", "/p", "C:/x/a.py"),
        ("x\\a.py", "C:\\p", "C:/p/x/a.py"),
        ("a.py", "", "a.py"),
    ],
)
def test_a_path_is_seen_from_its_folder(path: str, folder: str, located: str) -> None:
    assert locate(path, folder) == located


def test_many_stars_take_no_time() -> None:
    patterns, path = ("*a" * 30 + "b", "**/" * 30 + "b", "a/**/" * 30 + "b"), "/" + "a" * 400 + "/a" * 300
    assert takes_at_most(0.5, lambda: [PathPattern.read(one).matches(path) for one in patterns]) == [False] * 3
