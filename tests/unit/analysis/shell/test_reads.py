"""Which files a command printed, whether it printed nothing else, and what it named."""

from __future__ import annotations

import pytest

from tachograph.analysis.shell import examine_command

ONLY = [
    ("cat a.py", ["a.py"]),
    ("cat -n a.py", ["a.py"]),
    ("cat a b", ["a", "b"]),
    ("cat 'my file'", ["my file"]),
    ("cat my\\ file", ["my file"]),
    ('cat "a"b', ["ab"]),
    ("cat < a", ["a"]),
    ("head a", ["a"]),
    ("head -n 5 a", ["a"]),
    ("head -20 a", ["a"]),
    ("head -q a b", ["a", "b"]),
    ("tail -n +5 a", ["a"]),
    ("tail -c 100 a", ["a"]),
    ("nl -ba a", ["a"]),
    ("less a", ["a"]),
    ("bat -p -r 1:20 a", ["a"]),
    ("sed -n '1,20p' a", ["a"]),
    ("sed -n '5p;9,$p' a", ["a"]),
    ("sed '20q' a", ["a"]),
    ("sed -n -e 1,5p a", ["a"]),
    ("Get-Content a.txt -TotalCount 5", ["a.txt"]),
    ("cat a | head -5", ["a"]),
    ("nl -ba a | sed -n '1,20p' | tail -3", ["a"]),
    ("cat a && cat b", ["a", "b"]),
    ("cat a; cat a", ["a"]),
    ("cat a || true", ["a"]),
    ("test -f a && cat a", ["a"]),
    ("if [ -f a ]; then cat a; fi", ["a"]),
    ("cat a 2>/dev/null", ["a"]),
    ("cat a 2>&1", ["a"]),
    ("sleep 1 && tail -5 a", ["a"]),
    ("sudo cat a", ["a"]),
    ("timeout 5 cat a", ["a"]),
    ("bash -lc 'cat a'", ["a"]),
    ("(cat a)", ["a"]),
    ("show() { cat a; }; show", ["a"]),
    # in which folder
    ("cd src && cat a", ["src/a"]),
    ("cd src; cat a", ["src/a"]),
    ("cd src/ && cd x && cat a ../b", ["src/x/a", "src/x/../b"]),
    ("cd /srv && cat a /etc/b", ["/srv/a", "/etc/b"]),
    ("cd / && cat a", ["/a"]),
    ("cd && cat a", ["~/a"]),
    ("cd ~/src && cat a", ["~/src/a"]),
    ("cd src && cat ~/a", ["~/a"]),
    ("cd C:/x && cat D:/a", ["D:/a"]),
    ("(cd src && cat a) && cat b", ["src/a", "b"]),
    ("cd src || exit 1; cat a", ["src/a"]),
    ("bash -c 'cd src && cat a'; cat b", ["src/a", "b"]),
]

MORE = [
    # something of the files, or something else besides
    ("grep x a", ["a"]),
    ("grep -e x -n a b", ["a", "b"]),
    ("rg -g '*.py' x src", ["src"]),
    ("grep -r x", []),
    ("awk '{ print $1 }' a", ["a"]),
    ("sed 's/a/b/' c", ["c"]),
    ("sed -n '/x/p' c", ["c"]),
    ("jq --arg x 1 .a b.json", ["b.json"]),
    ("jq .a < b.json", ["b.json"]),
    ("sort a", ["a"]),
    ("diff a b", ["a", "b"]),
    ("cut -d : -f 1 a", ["a"]),
    ("cat -A a", ["a"]),
    ("bat a", ["a"]),
    ("head a b", ["a", "b"]),
    ("cat a | grep x", ["a"]),
    ("cat a | grep x | head -5", ["a"]),
    ("echo --- && cat a", ["a"]),
    ("cat a || echo none", ["a"]),
    ("cat a; ls", ["a"]),
    ("make; cat a", ["a"]),
    ("cat a $b", ["a"]),
    ("cat a *.py", ["a"]),
    ("pushd src; cat a", ["src/a"]),
    # none of any file
    ("wc -l a", []),
    ("cat a | wc -l", []),
    ("md5sum a", []),
    ("ls a", []),
    ("echo $(cat a)", []),
    ("cat a | xargs ls", []),
    ("cat a > /dev/null", []),
    ("cat a > b", []),
    ("cat <<EOF\nx\nEOF", []),
    ("cat", []),
    ("ls | head -5", []),
    ("true | head", []),
    ("git show HEAD:a", []),
    # files without a certain name
    ("cat $a", []),
    ("cat *.py", []),
    ("cat a.{py,md}", []),
    ('cat "$HOME/a"', []),
    ('cat "/srv/[redacted:email]/a"', []),
    ("find . | xargs cat", []),
    ("for f in a b; do cat $f; done", []),
    ("cd $dir && cat a", []),
    ("cd - && cat a", []),
    ("cd a; popd; cat b", []),
    ("test -d a && cd a; cat b", []),
    ("cd a || cd b; cat c", []),
    ("if true; then cd a; fi; cat b", []),
    ("for d in 1 2; do cd x; cat a; done", []),
]


@pytest.mark.parametrize(("command", "paths"), ONLY)
def test_pieces_of_files_and_nothing_else(command: str, paths: list[str]) -> None:
    effects = examine_command(command)
    assert ([read.path for read in effects.reads], effects.prints_only) == (paths, True)


@pytest.mark.parametrize(("command", "paths"), MORE)
def test_output_that_is_not_just_pieces_of_named_files(command: str, paths: list[str]) -> None:
    effects = examine_command(command)
    assert ([read.path for read in effects.reads], effects.prints_only) == (paths, False)


@pytest.mark.parametrize(
    ("command", "changes_folder"),
    [
        ("cd a", True),
        ("cd a && ls", True),
        ("ls; pushd a", True),
        ("{ cd a; }", True),
        ("if true; then cd a; fi", True),
        ("go() { cd a; }; go", True),
        ("go() { cd a; }", False),
        ("(cd a && ls)", False),
        ("cd a | ls", False),
        ("cd a & wait", False),
        ("bash -c 'cd a'", False),
        ("echo $(cd a && pwd)", False),
        ("ls a", False),
    ],
)
def test_a_change_of_folder_that_outlives_the_command(command: str, changes_folder: bool) -> None:
    effects = examine_command(command)
    assert (effects.changes_folder, effects.changes) == (changes_folder, False)


@pytest.mark.parametrize(
    ("command", "background"),
    [
        ("make &", True),
        ("make > a.txt 2>&1 & ls", True),
        ("(make &)", True),
        ("{ make & }; ls", True),
        ("bash -c 'make & ls'", True),
        ("for a in 1 2; do make & done", True),
        ("go() { make & }; go", True),
        ("echo 'a & b", True),  # not understood
        ("make && ls || ls", False),
        ("make 2>&1 | tee a.txt", False),
        ("make &> a.txt", False),
        ("curl 'http://localhost/?a=1&b=2'", False),
        ("cat <<'EOF'\na & b\nEOF", False),
        ("echo 'a", False),
        ("make", False),
    ],
)
def test_a_command_that_is_left_running(command: str, background: bool) -> None:
    assert examine_command(command).background is background


@pytest.mark.parametrize(
    ("command", "mentions"),
    [
        ("cat a 'b c/d.py'", ("b c/d.py", "a")),
        ("make a.b.c ./d .env e", ("a.b.c", "./d", ".env", "e")),
        ("sed -i s/x/y/ a.py", ("s/x/y/", "a.py")),
        ("rm -rf build", ("build",)),
        ("pytest tests/test_a.py::test_b -q", ("tests/test_a.py::test_b",)),
        ("make --file=x/Makefile all", ("x/Makefile", "all")),
        ("ls > out.txt 2>/dev/null", ("out.txt",)),
        ("cd src && git add a", ("src", "a")),
        ("grep 'a b' c", ("c",)),
        ("A=x/y make", ("x/y",)),
        ("[ -f a.py ] && ls", ("a.py",)),
        ("git commit -m 'Say it. All'", ()),
        ("echo", ()),
        ('echo "a', ()),
    ],
)
def test_words_that_could_be_paths(command: str, mentions: tuple[str, ...]) -> None:
    assert examine_command(command).mentions == mentions
