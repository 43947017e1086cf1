from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.commands import HEAD_CHARS, command_head


@pytest.mark.parametrize(
    ("command", "head"),
    [
        ("ls", "ls"),
        ("ls -la src", "ls"),
        ("git commit -m 'Say what; and why'", "git commit"),
        ("git -C /home/ada/site --no-pager log -5", "git log"),
        ("git stash pop", "git stash pop"),
        ("git", "git"),
        ("npm run build", "npm run build"),
        ("npm test -- --watch", "npm test"),
        ("npm --prefix ui run build", "npm run build"),
        ("cd ui && npm run build", "npm run build"),
        ('cd "/home/ada/my site" && make -j4 test', "make test"),
        ("export A=1; make", "make"),
        ("FOO=1 BAR='x y' pytest -q", "pytest"),
        ("$env:FOO=1; pytest", "pytest"),
        ("sudo -u bob apt-get install jq", "apt-get install"),
        ("/usr/bin/env python3 -m pytest tests", "python3 -m pytest"),
        ("python -m http.server", "python -m http.server"),
        ("python script.py", "python"),
        (".venv/bin/pytest -x", "pytest"),
        ("'/home/ada/my site/run.sh' fast", "run.sh"),
        (r"C:\Python\python.exe x.py", "python"),
        ("timeout -s KILL 60 cargo test", "cargo test"),
        ("time -p go test ./...", "go test"),
        ("nohup ./server &", "server"),
        ("uv run pytest", "uv run pytest"),
        ("docker compose -f a.yml up -d", "docker compose up"),
        ("gh pr view 12 --json title", "gh pr view"),
        ("npx tsc --noEmit", "npx tsc"),
        ("bash -lc 'cd x && git status'", "git status"),
        ("cat a | grep b", "cat"),
        ("make lint; make test", "make lint"),
        ("2>/dev/null ls", "ls"),
        ("cmd 2>&1 | tail -5", "cmd"),
        ("echo hi > out.txt", "echo"),
        ("# what it does\nls", "ls"),
        ("(cd x; make)", "make"),
        ("if make; then echo ok; fi", "make"),
        ("cat > a.md <<'EOF'\ncd x && rm -rf y\nEOF", "cat"),
        ("cd x", "cd"),
        ("sudo", "sudo"),
        ('git commit -m "an unfinished quote', "git commit"),
        ("Get-ChildItem -Path x", "Get-ChildItem"),
        ("", ""),
        ("   \n", ""),
        ("&& ;", ""),
    ],
)
def test_a_command_is_named_by_what_it_runs(command: str, head: str) -> None:
    assert command_head(command) == head


def test_a_head_is_short() -> None:
    assert len(command_head("x" * 500)) == HEAD_CHARS


@given(st.text(alphabet=st.sampled_from("ab -_=;|&<>()'\"\\\n/$#git") | st.characters(), max_size=80))
def test_any_text_has_a_head_of_one_line(command: str) -> None:
    head = command_head(command)
    assert len(head) <= HEAD_CHARS
    assert head == command_head(command)


@given(st.sampled_from(["git status", "pytest", "npm run build", "ls"]))
def test_preparations_do_not_change_the_head(command: str) -> None:
    for prefix in ("cd /x && ", "A=1 ", "sudo ", "# note\n", "export A=1; ", "env A=1 B=2 ", "set -e\n"):
        assert command_head(prefix + command) == command
