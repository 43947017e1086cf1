"""Short names of projects."""

from __future__ import annotations

import pytest

from tachograph.app.dashboard.projects import NO_PROJECT, name_projects


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([], {}),
        (["/home/ada/orchard"], {"/home/ada/orchard": "orchard"}),
        (["/a/web", "/b/web", "/c/api"], {"/a/web": "a/web", "/b/web": "b/web", "/c/api": "api"}),
        (["/x/a/web", "/y/a/web"], {"/x/a/web": "x/a/web", "/y/a/web": "y/a/web"}),
        (["/web", "/b/web"], {"/web": "web", "/b/web": "b/web"}),
        (["C:\\work\\web"], {"C:\\work\\web": "web"}),
        (["/", ""], {"/": NO_PROJECT, "": NO_PROJECT}),
        (["/a/web", "/a/web/"], {"/a/web": "a/web", "/a/web/": "a/web"}),
        (["plain"], {"plain": "plain"}),
    ],
)
def test_a_name_is_as_short_as_it_can_be(paths: list[str], names: dict[str, str]) -> None:
    assert name_projects(paths) == names
