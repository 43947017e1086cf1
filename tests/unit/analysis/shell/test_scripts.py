"""Scripts of sed and awk: what they may hold without writing or running anything."""

from __future__ import annotations

import pytest

from tachograph.analysis.shell.scripts import awk_only_prints, sed_only_cuts, sed_only_prints


@pytest.mark.parametrize(
    ("script", "prints", "cuts"),
    [
        ("", True, False),
        ("1,20p", True, True),
        ("1p;3,$p", True, True),
        ("$!d", True, True),
        ("1,+5p", True, True),
        ("20q", True, True),
        ("/a/p", True, False),
        ("/[^/]*w/p", True, False),
        ("/a\\/w/,/b/p", True, False),
        ("0~3d", True, False),
        ("s/a/b/", True, False),
        ("s/a/b/gI2p", True, False),
        ("s|a|w b|", True, False),
        ("s/[/]/w/", True, False),
        ("s/a\\/b/c/;s/d/e/", True, False),
        ("y/abc/xyz/", True, False),
        ("/a/{s/b/c/;p;}", True, False),
        (":a;N;$!ba;s/\\n/ /g", True, False),
        ("a\\\nsome text; w file", True, False),
        ("/a/i some text", True, False),
        ("r other", True, False),
        ("=", True, False),
        ("w out", False, False),
        ("1,5w out", False, False),
        ("/a/{w out\n}", False, False),
        ("p;W out", False, False),
        ("s/a/b/w out", False, False),
        ("s/a/b/gw out", False, False),
        ("s/a/b/e", False, False),
        ("e", False, False),
        ("1!e date", False, False),
        ("s/a/b", False, False),
        ("s/a", False, False),
        ("s", False, False),
        ("p w out", False, False),
        ("\\%a%p", False, False),
        ("k", False, False),
    ],
)
def test_a_sed_script_is_known_to_print_only(script: str, prints: bool, cuts: bool) -> None:
    assert (sed_only_prints(script), sed_only_cuts(script)) == (prints, cuts)


@pytest.mark.parametrize(
    ("program", "prints"),
    [
        ("", True),
        ("1", True),
        ("{ print $1, $NF }", True),
        ("$3 > 5", True),
        ("$3 >= 5 { n += $3 } END { print n / NR }", True),
        ("/a|b>c/ { print }", True),
        ("$1 ~ /[/|]/ { print }", True),
        ("NR > 1 || /x/", True),
        ('{ print "a > b | c" }', True),
        ("{ n = a / b; m = c / d; print n }", True),
        ("{ if ($1 > 2) print $1; if ($2 > 3) n++ }", True),
        ("# print > x\n{ print }", True),
        ('{ while ((getline line < "f") > 0) n++ }', True),
        ('{ print > "f" }', False),
        ("{ print $1 > $2 }", False),
        ('{ printf "%s", $1 >> "f" }', False),
        ('{ print | "sort" }', False),
        ('{ "date" | getline d }', False),
        ('{ print |& "x" }', False),
        ('BEGIN { system("x") }', False),
        ('BEGIN { f = "system"; @f("x") }', False),
        ('@load "x"', False),
        ('{ print "a }', False),
        ("{ print ($1 > 2) }", False),
        ('{ n = a / b; print > "c/d" }', False),
    ],
)
def test_an_awk_program_is_known_to_print_only(program: str, prints: bool) -> None:
    assert awk_only_prints(program) == prints
