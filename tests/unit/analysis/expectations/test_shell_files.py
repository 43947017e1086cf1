"""Files that a command that ended well surely wrote or removed."""

from __future__ import annotations

import pytest

from tachograph.analysis.expectations._shell_files import find_file_changes
from tests.effort import takes_at_most


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        ("echo hi > a.txt", "+a.txt"),
        ("echo hi >> a.txt", "+a.txt"),
        ("make >| a.txt", "+a.txt"),
        ("make &> all.log", "+all.log"),
        ("make 2> err.log > out.log", "+err.log +out.log"),
        ("cat > db/a.sql <<'EOF'\nselect 1 > 0;\nEOF", "+db/a.sql"),
        ("cat <<EOF > 'a b.md'\ntext\nEOF", "+a b.md"),
        ("mkdir -p out && echo a > out/a && echo b > /tmp/b", "+out/a +/tmp/b"),
        ("cat > a <<'EOF'\nx\nEOF\npython run.py\nls > b", "+a +b"),
        ("(cd sub && echo x > a); echo y > b", "+sub/a +b"),
        ("cd sub && echo x > a", "+sub/a"),
        ("cd sub\necho x > a", "+sub/a"),
        ("cd $DIR && echo x > a && echo y > /b", "+/b"),
        ("cd - && echo x > a", ""),
        ("echo x | tee a b", "+a +b"),
        ("echo x | tee -a a | wc -l > n", "+a +n"),
        ("echo x | sudo tee /etc/motd", "+/etc/motd"),
        ("echo x | tee --version", ""),
        ("touch a 'b c'", "+a +b c"),
        ("touch -c a", ""),
        ("touch -r ref a", ""),
        ("{ echo a; echo b; } > both", "+both"),
        ("ls > /dev/null 2>&1", ""),
        ("ls >&2", ""),
        ("echo 'a > b'", ""),
        ("echo x > $OUT", ""),
        ("echo x > a*", ""),
        ("touch a{1,2}", ""),
        # what may not have run
        ("test -f a || echo x > b", ""),
        ("test -f a && echo x > b; ls", ""),
        ("test -f a && echo x > b", "+b"),  # it ended well, so all of it ran
        ("ls; test -f a && echo x > b", "+b"),
        ("(test -f a && echo x > b); ls", ""),
        ("grep -q x a && rm a\nls", ""),
        ("mkdir -p out && cat > out/a <<'EOF'\nx\nEOF\npython out/a", "+out/a"),
        ("mkdir -p out && make && echo x > b; ls > c", "+c"),
        ("{ test -f a && ls; } > b; ls", "+b"),
        ("{ cd sub; ls; } > a; ls > b", "+a +sub/b"),
        ("test -f a && ls | wc -l > b; ls", ""),
        ("cd sub && ls | wc -l > b; ls", "+sub/b"),
        ("cat a | wc -l > b; ls", "+b"),
        ("if test -f a; then echo x > b; fi; echo y > c", "+c"),
        ("for f in 1 2; do echo x > b; done", ""),
        ("write() { echo x > b; }; ls > c", "+c"),
        ("stop() { exit 0; }; stop; ls > c", ""),
        ("skip() { return; }; skip; ls > c", "+c"),
        ("go() { cd sub; }; go; ls > c; ls > /d", "+/d"),
        ("for f in *; do continue; done; ls > c", "+c"),
        ("exec ls > c", "+c"),
        ("sleep 9 > a &", ""),
        ("echo x > a; exit 0; echo y > b", "+a"),
        ("if test -f a; then exit 0; fi; echo y > b", ""),
        ("echo $(date > b)", ""),
        ("if cd sub; then ls; fi; echo x > a", ""),
        # removed
        ("rm a b", "-a -b"),
        ("rm -rf build && echo x > build/a", "-build +build/a"),
        ("rm -i a", ""),
        ("rm *.tmp", ""),
        ("unlink a", "-a"),
        ("mv a b", "-a +b"),
        ("mv x/a b out/", "-x/a -b +out/a +out/b"),
        ("mv -n a b", ""),
        ("mv *.sql out/", ""),
        # copied, edited, patched
        ("cp a.tmp a.sql", "+a.sql"),
        ("cp -p x/a out/", "+out/a"),
        ("cp a b out", "+out/a +out/b"),
        ("cp a .", "+./a"),
        ("cp a $OUT", ""),
        ("cp *.sql out/", ""),
        ("cp -r a b", ""),
        ("cp -n a b", ""),
        ("cp a", ""),
        ("cp", ""),
        ("sed -i 's/a/b/' x.py y.py", "+x.py +y.py"),
        ("sed -i.bak -e 's/a/b/' x.py", "+x.py"),
        ("sed -Ei 's/a/b/' x.py && ls", "+x.py"),
        ("sed -i '' 's/a/b/' x.py", "+x.py"),
        ("sed -n -i -e p -e q x.py", "+x.py"),
        ("sed --in-place 's/a/b/' x.py", "+x.py"),
        ("sed -n '1,5p' i.py", ""),
        ("sed 's/ -i/b/' x.py", ""),
        ("sed -i 's/a/b/' *.py", ""),
        (
            "apply_patch <<'P'\n*** Begin Patch\n*** Add File: a/b c.py\n+x\n*** Delete File: d\n*** End Patch\nP",
            "+a/b c.py -d",
        ),
        (
            "cd s && apply_patch <<'P'\n*** Begin Patch\n*** Update File: a\n*** Move to: b\n@@\n*** End Patch\nP",
            "-s/a +s/b",
        ),
        ("apply_patch '*** Begin Patch\n*** Update File: a\n@@\n+*** Add File: b\n*** End Patch'", "+a"),
        ("cat <<'P'\n*** Add File: a\nP", ""),
        ("rm a || true", ""),
        # nothing to say
        ("ls -la", ""),
        ("echo 'open", ""),
        ("echo hi > ", ""),
    ],
)
def test_only_what_is_certain(command: str, changes: str) -> None:
    signs = {"write": "+", "remove": "-"}
    assert " ".join(signs[one.op] + one.path for one in find_file_changes(command)) == changes


def test_a_huge_command_is_left_alone() -> None:
    assert find_file_changes("echo hi > a\n" + "#" * 200_000) == ()
    assert find_file_changes("(" * 20_000 + "> a") == ()
    assert find_file_changes("sed " * 45_000) == ()
    assert find_file_changes("sed -i" + " -" * 90_000) == ()


@pytest.mark.parametrize("junk", [")", "(", "`", "a&&", "<<E\n"])
def test_a_long_command_that_cannot_be_parsed_takes_no_time(junk):
    """The grammar's cost grows with the square of what it cannot place."""
    command = "echo > x " + junk * (100_000 // len(junk))
    takes_at_most(2, lambda: find_file_changes.__wrapped__(command))
