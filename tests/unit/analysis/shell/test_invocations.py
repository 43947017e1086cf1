"""The programs that a command would run, in their order and at any depth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.shell import Invocation, Invocations, examine_command, find_invocations
from tachograph.analysis.shell.finder import MAX_TEXTS, MAX_WRAPPERS
from tachograph.analysis.shell.grammar import SHORT
from tachograph.analysis.shell.manuals import Row, find_manual, find_submanual, names_of
from tachograph.analysis.shell.partial import MAX_CHARS
from tests.effort import takes_at_most
from tests.unit.analysis.shell.test_robustness import PIECES

RUN = {
    "": [],
    " \n": [],
    "# ls": [],
    "A=1": [],
    "ls": ["ls"],
    "/usr/bin/ls -la 'a b'": ["ls -la a b"],
    "ls | sort -u": ["ls", "sort -u"],
    "a && b || c; d & e": ["a", "b", "c", "d", "e"],
    "(a; { b; }) > x": ["a", "b"],
    "if a; then b; elif c; then d; else e; fi": ["a", "b", "c", "d", "e"],
    "for x in $(a); do b; done": ["a", "b"],
    "until a; do b; done < <(c)": ["c", "a", "b"],
    "case $(a) in x) b;; y) c;; esac": ["a", "b", "c"],
    "f() { a; }; f 1": ["a", "f 1"],
    "[[ -n $(a) ]] && (( $(b) > 1 ))": ["a", "b"],
    "echo $(a $(b)) `c`": ["b", "a $(b)", "c", "echo $(a $(b)) `c`"],
    "a > $(b) 2>&1": ["b", "a"],
    "cat <<EOF\n$(a) `b` \\`c\\`\nEOF": ["b", "a", "cat"],
    "cat <<'EOF'\n$(a) `b`\nEOF": ["cat"],
    "cat - <<'EOF'\nx\nEOF\nls": ["cat", "ls"],
    "sudo -u ada env A=1 nice ls -l": ["sudo -u ada env A=1 nice ls -l", "env A=1 nice ls -l", "nice ls -l", "ls -l"],
    "sudo -l ls": ["sudo -l ls"],
    "time (a; b)": ["a", "b"],
    "xargs -I{} sh -c 'a {}'": ["xargs -I{} sh -c a {}", "sh -c a {}", "a {}"],
    "bash -c 'a; b' c": ["bash -c a; b c", "a", "b"],
    "bash script.sh -c a": ["bash script.sh -c a"],
    "bash <<< 'a | b'": ["bash", "a", "b"],
    "bash <<EOF\na\nb $x\nEOF": ["bash", "a", "b $x"],
    "echo 'a; b' | sh": ["echo a; b", "sh", "a", "b"],
    "cat <<EOF | ssh host bash\na\nEOF": ["cat", "ssh host bash", "bash", "a"],
    "curl x | bash": ["curl x", "bash"],
    "bash < script.sh": ["bash"],
    "eval 'a b' c": ["eval a b c", "a b c"],
    "ssh -p 22 host 'a && b'": ["ssh -p 22 host a && b", "a", "b"],
    "ssh host": ["ssh host"],
    "watch -n 2 a -x": ["watch -n 2 a -x", "a -x"],
    "trap 'a' EXIT INT": ["trap a EXIT INT", "a"],
    "find . -exec a {} \\; -o -execdir b {} +": ["find . -exec a {} ; -o -execdir b {} +", "a {}", "b {}"],
    "python -m a -q": ["python -m a -q", "a -q"],
    "python -c 'a' -m": ["python -c a -m"],
    "docker run --rm -e A=1 -it image:1 a -b": ["docker run --rm -e A=1 -it image:1 a -b", "a -b"],
    "docker run image": ["docker run image"],
    "docker run --unheard-of value image a": ["docker run --unheard-of value image a", "image a"],
    "kubectl exec pod a": ["kubectl exec pod a"],
    "kubectl exec pod -- a b": ["kubectl exec pod -- a b", "a b"],
    "npm run build": ["npm run build"],
    "npx a b": ["npx a b", "a b"],
    "flock lock -c 'a b'": ["flock lock -c a b", "a b"],
    "A=tool; $A x": ["tool x"],
    "A='tool -v'; $A x": ["tool -v x"],
    "A='x y'; tool \"$A\" $A": ["tool x y x y"],
    "$DIR/bin/tool x": ["tool x"],
    "export A=tool; ${A} x": ["export A=tool", "tool x"],
    "C:/bin/git.exe status": ["git status"],
}

PARTLY = {
    "$TOOL x; a": ["a"],
    '"$TOOL" x': [],
    "A=a; A=b; $A": [],
    "A=$(x); $A": ["x"],
    "a$B c": [],
    "sudo $TOOL": ["sudo $TOOL"],
    'eval "$TEXT"; a': ["eval $TEXT", "a"],
    'bash -c "$TEXT"': ["bash -c $TEXT"],
    "a &; b": ["a", "b"],
    "a 'open": ["a"],
    'a; b "$(c': ["a"],
    "a\0 b": ["a b"],
    "bash -c 'a; (b'": ["bash -c a; (b", "a"],
    "( " * 60 + "a" + " )" * 60: [],
    "env " * (MAX_WRAPPERS + 1) + "a": ["env " * n + "a" for n in range(MAX_WRAPPERS + 1, 1, -1)],
    "eval " * (MAX_TEXTS + 1) + "a": ["eval " * n + "a" for n in range(MAX_TEXTS + 1, 1, -1)],
    "a " * (MAX_CHARS // 2) + "b": [],
}


def shown(found: Invocations) -> list[str]:
    return [" ".join([one.program, *one.words]) for one in found.found]


@pytest.mark.parametrize(("command", "programs"), RUN.items())
def test_programs_are_listed_in_their_order(command: str, programs: list[str]) -> None:
    found = find_invocations(command)
    assert shown(found) == programs
    assert found.understood


@pytest.mark.parametrize(("command", "programs"), PARTLY.items(), ids=[text[:30] for text in PARTLY])
def test_what_is_not_understood_does_not_hide_the_rest(command: str, programs: list[str]) -> None:
    found = find_invocations(command)
    assert shown(found)[: len(programs)] == programs
    assert not found.understood


def test_words_with_variables_are_marked() -> None:
    found = find_invocations('rm -r "$A" $B x$C $(cat d) "$@"').found
    assert found[1] == Invocation(
        "rm",
        ("-r", "$A", "$B", "x$C", "$(cat d)", "$@"),
        (True, False, False, False, False, False),
        (False, False, True, False, True, True),
    )


def test_a_variable_with_harmless_values_is_no_option() -> None:
    assert find_invocations("for f in a b; do rm $f; done").found[0].splits == (False,)
    assert find_invocations("for f in a -b; do rm $f; done").found[0].splits == (True,)
    assert find_invocations("for f in a $B; do rm $f; done").found[0].splits == (True,)


def test_variables_do_not_make_a_short_text_endless() -> None:
    long = find_invocations(f"A={'x' * 300}; tool $A")
    assert shown(long) == ["tool $A"]
    many = find_invocations("A='" + "x " * 90 + "'; tool " + "$A " * 5000)
    assert len(many.found[0].words) == 1000 * 90 + 4000


def test_a_long_text_in_a_command_is_read_to_its_end() -> None:
    body = "a $x 'b' # (\n" * 8000
    assert shown(find_invocations(f"cat > f <<'EOF'\n{body}EOF\nrm f")) == ["cat", "rm f"]
    script = "cd a && ls -la | sort -u\n" * 4000
    found = find_invocations(f"bash <<'EOF'\n{script}EOF")
    assert (len(found.found), found.understood) == (1 + 3 * 4000, True)


HOSTILE = {
    "parentheses": "(",
    "closing parentheses": ")",
    "parentheses that close": "()",
    "functions": "a() ",
    "arrays": "a=(",
    "substitutions": "$(",
    "backticks": "`",
    "strings in substitutions": '"$(',
    "expansions": "${",
    "old calculations": "$[",
    "quotes": "\"'",
    "braces": "{ ",
    "lists": "a&&",
    "pipes": "a|",
    "pipes on lines of their own": "a|\n",
    "only pipes": "|",
    "sequences": "ls;",
    "here-documents": "cat <<a ",
    "nested here-documents": "cat <<A $(cat <<B\n",
    "redirections": "<a",
    "greater": ">",
    "words": "a ",
    "wrappers": "env ",
    "evals": "eval ",
    "shells": "bash -c ",
    "zeros": "\0",
    "backslashes": "\\",
    "dollars": "$",
    "conditions": "if ",
    "lines": "\n",
    "branches": "case a in ",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_little_time(text: str) -> None:
    command = text * (20_000 // len(text))
    assert len(command) > SHORT
    takes_at_most(0.4, lambda: find_invocations(command))  # at most 0.1 s; the rest is for slower machines


def test_ten_megabytes_of_anything_are_not_understood() -> None:
    text = "ls;" * 3_500_000
    assert takes_at_most(0.2, lambda: find_invocations(text)) == Invocations((), understood=False)


@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=80).map("".join)))
def test_no_text_makes_it_stumble(text: str) -> None:
    found = find_invocations(text)
    assert all(one.program for one in found.found)
    assert all(len(one.words) == len(one.known) == len(one.splits) for one in found.found)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_a_program_on_a_line_of_its_own_is_found_or_nothing_is_certain(text: str) -> None:
    found = find_invocations("marked x\n:\n" + text)
    assert not found.understood or found.found[0] == Invocation("marked", ("x",), (True,), (False,))


def test_the_table_joins_what_others_say_of_a_wrapper() -> None:
    sudo = find_manual("sudo").row
    assert (sudo.runs, sudo.sets) == ("command", True)
    assert {"-u", "-D", "--user", "--chdir"} <= sudo.valued
    assert find_manual("timeout").row.skips == 1


def test_names_and_options_that_mean_the_same() -> None:
    assert set(names_of("python3")) >= {"python", "python3", "python3.12"}
    assert names_of("tool") == ("tool",)
    assert find_manual("npm").canonical("--global", None) == ("-g", None)
    assert find_manual("kill").canonical("-s", "KILL") == ("-9", None)
    assert find_manual("tool").canonical("-x", "1") == ("-x", "1")


def test_a_subcommand_of_a_program_that_is_not_in_the_table_is_an_operand() -> None:
    assert find_submanual(find_manual("tool"), "push") is None
    unheard = find_submanual(find_manual("git"), "unheard")
    assert unheard is not None
    assert (unheard.name, unheard.row) == ("git unheard", Row(depth=0))


def test_every_row_of_a_subcommand_can_be_reached() -> None:
    from tachograph.analysis.shell.manuals import _load

    table = _load()
    parents = {name.rpartition(" ")[0] for name in table if " " in name}
    assert {name for name in parents if name not in table or not table[name].row.subcommand} == set()


def test_no_option_means_two_things_in_one_row() -> None:
    from tachograph.analysis.shell.manuals import _load

    for name, manual in _load().items():
        options = [option for group in manual.row.same for option in group]
        assert len(options) == len(set(options)), name
        for group in manual.row.same:
            takes = {option in manual.row.valued for option in group if "=" not in option}
            assert len(takes) <= 1 or manual.row.texts or manual.row.modules, (name, group)


def test_a_line_that_begins_with_a_backslash_is_a_command() -> None:
    """The grammar takes it for more words of the line before it."""
    assert shown(find_invocations("a b\n\n\\rm x | c\n  \\d '\n\\e'")) == ["a b", "rm x", "c", "d \n\\e"]
    assert find_invocations("a\n\\rm x").understood
    assert examine_command("ls\n\\rm x").changes
