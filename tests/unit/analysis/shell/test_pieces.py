"""Pieces of commands: what counts as the same, and what only looks like it."""

from __future__ import annotations

import subprocess
import sys
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.analysis.shell import Invocations, Presence, compile_piece, find_invocations
from tachograph.analysis.shell.pieces import MAX_PIECE_CHARS
from tests.effort import takes_at_most
from tests.unit.analysis.shell.test_robustness import PIECES

FOUND = {
    "head -20": ["ls | head -20", "head -q -20 a b"],
    "git push *": ["git push", "git push -f", "git push origin main"],
    "git push*": ["git push origin main"],
    "pytest tests/*": ["pytest -q tests/a.py", "pytest 'tests/*'"],
    "npm run test:*": ["npm run test:unit"],
    "rm -rf *": ["rm -rf *", "rm -rf build"],
    "rm -rf": [
        "rm -rf x",
        "rm -fr x",
        "rm -r -f x",
        "rm -f x -r",
        "rm x -rf",
        "rm -rfv x",
        "rm -Rf x",
        "rm --recursive --force x",
        "rm -r --force x",
        "rm -rf",
        "rm -rf --no-preserve-root /",
        "\\rm -rf x",
        "r\\m -rf x",
        'r"m" -rf x',
        "'rm' '-rf' x",
        "/bin/rm -rf x",
        "./bin/rm -rf x",
        '"$TOOLS"/rm -rf x',
        "rm \\\n  -rf x",
        "cd a && rm -rf x",
        "test -d x || rm -rf x",
        "ls; rm -rf x",
        "ls & rm -rf x",
        "ls | xargs rm -r -f",
        "busybox rm -rf x",
        "parallel -j 4 rm -rf ::: a b",
        "ls | parallel 'rm -rf {}'",
        "xargs -0 -n 1 -I{} rm -rf {} < names",
        "(rm -rf x)",
        "{ rm -rf x; }",
        "! rm -rf x",
        "if rm -rf x; then ls; fi",
        "if true; then :; else rm -rf x; fi",
        "for d in a b; do rm -rf $d; done",
        "while true; do rm -rf x; done",
        "case $1 in a) rm -rf x;; esac",
        "clean() { rm -rf x; }; clean",
        "echo $(rm -rf x)",
        'echo "done: $(rm -rf x)"',
        "echo `rm -rf x`",
        "diff <(rm -rf x) y",
        "A=$(rm -rf x)",
        "cat <<EOF\n$(rm -rf x)\nEOF",
        "cat <<EOF\n`rm -rf x`\nEOF",
        "sudo rm -rf x",
        "sudo -u ada -- rm -rf x",
        "sudo -E A=1 rm -rf x",
        "doas rm -rf x",
        "env -i A=1 rm -rf x",
        "env -C dir rm -rf x",
        "env -S 'rm -rf x'",
        "nohup nice -n 5 rm -rf x",
        "time rm -rf x",
        "time (rm -rf x)",
        "timeout -k 5 60s rm -rf x",
        "command rm -rf x",
        "exec rm -rf x",
        "stdbuf -oL rm -rf x",
        "bash -c 'rm -rf x'",
        "bash -lc 'cd a && rm -rf x'",
        "bash -euo pipefail -c 'rm -rf x'",
        'sudo sh -c "rm -rf x"',
        "bash -c \"bash -c 'rm -rf x'\"",
        "bash <<'EOF'\nrm -rf x\nEOF",
        "bash <<< 'rm -rf x'",
        "echo 'rm -rf x' | sh",
        "cat <<'EOF' | bash -s\nrm -rf x\nEOF",
        'eval "rm -rf x"',
        "eval rm -rf x",
        "trap 'rm -rf x' EXIT",
        "watch -n 5 'rm -rf x'",
        "su -c 'rm -rf x' ada",
        "ssh -p 22 host rm -rf x",
        "ssh host 'cd a && rm -rf x'",
        "find . -name a -exec rm -rf {} +",
        "find . -name a -execdir rm -rf {} \\; -print",
        "fd a -x rm -rf {}",
        "docker exec -it -u root box rm -rf x",
        "docker run --rm -v a:/b image rm -rf x",
        "docker compose exec web rm -rf x",
        "kubectl exec -n prod pod -- rm -rf x",
        "uv run rm -rf x",
        "A=1 rm -rf x",
        "> log rm -rf x",
        "rm -rf x > log 2>&1",
        "FLAGS=-rf; rm $FLAGS x",
        "FLAGS='-r -f'\nrm $FLAGS x",
        "RM=/bin/rm && $RM -rf x",
        "RUN='rm -rf'; $RUN x",
        "export RM=rm; $RM -rf x",
        "ls 'open\n; rm -rf x'; rm -rf x",
        "just dev &; rm -rf x",
    ],
    "rm -rf /": ["rm -rf /", "rm -rf a /", "rm / -rf"],
    "rm": ["rm a", "sudo rm a", "rm"],
    "git push": [
        "git push",
        "git -C dir push origin",
        "git --git-dir=.git --work-tree . push",
        "git -c a.b=c push -u o m",
    ],
    "git push --force": [
        "git push --force",
        "git push origin main --force",
        "git push -f",
        "git push -fu origin main",
        "git push -uf origin main",
        "git -C dir push -f origin",
        "git push --force=yes",
    ],
    "git push -f": ["git push --force"],
    "git push origin": ["git push -u origin main", "git push --force origin"],
    "git clean -fd": ["git clean -df", "git clean -xfd", "git clean --force -d"],
    "git reset --hard": ["git reset --hard", "git reset -q HEAD~1 --hard"],
    "git commit -m": ["git commit -m x", "git commit -am x", "git commit --message=x"],
    "git stash drop": ["git stash drop", "git stash drop stash@{1}"],
    "npm run build": [
        "npm run build",
        "npm --prefix web run build",
        "npm run --silent build",
        "npm run-script build",
        "npm run build -- --watch",
        "npm -w a run build",
    ],
    "npm install": ["npm i", "npm install left", "npm add left"],
    "npm install -g": ["npm i --global x", "npm -g install x"],
    "pytest": [
        "pytest",
        ".venv/bin/pytest -q",
        "python -m pytest",
        "python3 -m pytest -q tests",
        "python3.12 -X dev -m pytest",
        "uv run pytest",
        "uv run --with x -- pytest -q",
        "uv run python -m pytest",
        "uvx pytest",
        "poetry run pytest",
        "coverage run -m pytest",
        "PY=.venv/bin/python; $PY -m pytest",
    ],
    "pytest -x": ["pytest --exitfirst", "pytest tests -xq"],
    "python -m pytest": ["python3 -m pytest -q", "uv run python -m pytest"],
    "pip install": ["pip3 install x", "python -m pip install x", "pip --proxy p install x", "uv run pip install x"],
    "eslint": [
        "npx eslint .",
        "npx -y eslint",
        "npx -p a eslint",
        "npm exec -- eslint",
        "pnpm exec eslint",
        "yarn dlx eslint",
    ],
    "rake": ["bundle exec rake db:drop"],
    "curl": ["curl -s x", "x | curl -d @- y"],
    "curl -X POST": ["curl -XPOST a", "curl --request POST a", "curl -s --request=POST a"],
    "curl -k": ["curl -sk a", "curl --insecure a"],
    "chmod -R 777": ["chmod -R 777 x", "chmod --recursive 777 x", "sudo chmod 777 x -R"],
    "kill -9": [
        "kill -9 17",
        "kill -KILL 17",
        "kill -s KILL 17",
        "kill --signal SIGKILL 17",
        "pgrep a | xargs kill -9",
    ],
    "mkdir -p": ["mkdir -pv a/b", "mkdir --parents a/b"],
    "sudo": ["sudo -n true"],
    "sudo rm -rf": ["sudo rm -fr x", "sudo -u root rm --recursive -f x"],
    "docker system prune": ["docker --context a system prune -af"],
    "docker compose up -d": ["docker compose -f a.yaml up --detach", "docker compose up -d web"],
    "docker run": ["docker run image rm x"],
    "kubectl delete": ["kubectl -n prod delete pod a", "kubectl --context a delete ns b"],
    "kubectl delete -n prod": ["kubectl --namespace=prod delete pod a", "kubectl delete pod a -n prod"],
    "terraform apply -auto-approve": ["terraform -chdir=a apply -auto-approve", "terraform apply --auto-approve"],
    "dd of=/dev/sda": ["dd if=a of=/dev/sda bs=4M"],
    "sed -i": ["sed -i s/a/b/ f", "sed -i.bak s/a/b/ f", "sed --in-place s/a/b/ f", "sed -ni p f"],
    "deploy prod": ["deploy prod", "./deploy -v prod", "deploy --region eu prod", "deploy prod now"],
    "deploy --mode fast": ["deploy --mode fast", "deploy --mode=fast", "deploy -v --mode fast x"],
    "deploy --mode=fast": ["deploy --mode fast", "deploy --mode=fast"],
    "aws s3 rm": ["aws --profile a s3 rm s3://b --recursive"],
    "rm -- -rf": ["rm -- -rf"],
}

ABSENT = {
    "head -20": ["head -200 x", "ls | head -120", "head -2 x"],
    "git push *": ["git pull", "git stash push"],
    "git push*": ["git pull", "echo push"],
    "pytest tests/*": ["pytest", "pytest src/a.py"],
    "rm '*'": ["rm x"],
    "rm -rf": [
        "",
        "# rm -rf x",
        "ls # rm -rf x",
        'echo "rm -rf"',
        "echo rm -rf x",
        "printf 'rm -rf %s' x",
        "grep 'rm -rf' f",
        "grep -e rm -rf f",
        "git commit -m 'rm -rf'",
        'git commit -m "rm -rf x"',
        "rm -r x",
        "rm -f x",
        "rm -f -- -r",
        "rm file-rf",
        "rm -- -rf",
        "rm r f",
        "rm --force x",
        "rmdir -rf x",
        "docker run --rm -f x",
        "git rm -rf x",
        "cat <<EOF\nrm -rf x\nEOF",
        "cat > clean.sh <<'EOF'\nrm -rf x\nEOF",
        "python3 - <<'EOF'\nrm -rf x\nEOF",
        "git commit -F - <<'EOF'\nrm -rf x\nEOF",
        "cat <<EOF | grep x\nrm -rf x\nEOF",
        "X='rm -rf x'; echo $X",
        "command -v rm -rf",
        "which rm",
        "bash rm -rf x",
        "python rm -rf x",
        "python -c 'rm -rf x'",
        "echo 'rm -rf x' | bash clean.sh",
        'rm "$FILE" -r',
        "rm -r a/$B",
        "for f in a b; do rm -r $f; done",
        "D=build; rm -r $D",
        "alias clean='rm -rf x'",
        "ls -rf rm",
        "rm -r; ls -f",
        "trap - EXIT; rm -r x",
        "tar -rf x.tar rm",
        "sudo -l rm -rf x",
    ],
    "rm -rf /": ["rm -rf a", "rm -rf /tmp/a", "rm -r /"],
    "rm": ["rmdir a", "npm rm a", "ls rm", "docker rm a", "./rm.py"],
    "git push": [
        "git commit -m push",
        "git log push",
        "git stash push",
        "git",
        "git -C push status",
        "gh push",
        "git help push",
    ],
    "git push --force": [
        "git push --force-with-lease",
        "git push origin force",
        "git push && rm --force x",
        "git push -o f",
        "git fetch --force",
    ],
    "git push origin": ["git push upstream origin2", "git push"],
    "npm run build": ["npm run test build", "npm build", "npm run build:dev", "npm run", "npm test -- run build"],
    "npm install": ["npm uninstall a", "npm ci", "pnpm install"],
    "pytest": [
        "pip install pytest",
        "python pytest",
        "python run.py -m pytest",
        "ls pytest",
        "uv add pytest",
        "pytest-watch",
    ],
    "python -m pytest": ["pytest", "python -m unittest pytest", "python -m"],
    "pip install": ["pip download x", "pip list install", "uv pip install x"],
    "curl -X POST": ["curl -X GET a", "curl a -H POST", "curl -X"],
    "kill -9": ["kill 9", "kill -15 9", "kill -s TERM 9"],
    "sudo rm -rf": ["rm -rf x", "sudo rm -r x", "sudo ls; rm -rf x"],
    "docker run -d": ["docker run image cmd -d"],
    "docker exec": ["docker run a exec", "docker compose exec a b"],
    "kubectl delete -n prod": ["kubectl delete -n test pod prod"],
    "terraform apply -auto-approve": ["terraform apply", "terraform plan -auto-approve"],
    "deploy prod": ["deploy test prod", "deploy"],
    "deploy --mode=fast": ["deploy --mode slow", "deploy fast"],
    "sed -i": ["sed -n p f", "sed -e i f"],
}

UNSURE = {
    "rm -rf": [
        "rm $FLAGS x",
        "rm -r $FLAGS x",
        "rm ${FLAGS} x",
        "rm $(cat flags) x",
        'f() { rm "$@"; }; f -rf x',
        "for o in -rf -v; do rm $o x; done",
        "$CLEAN a; rm b",
        "rm -r 'open",
        "$CLEAN; # rm",
        "rm $'\\x2drf' x",
        "rm ``-rf x",
        "rm`` -rf x",
    ],
    "rm -rf /": ['rm -rf "$DIR"', "rm -rf $DIR"],
    "git push": ["git $VERB origin", "git $OPTIONS push"],
    "npm run build": ['npm run "$SCRIPT"'],
    "curl -X POST": ['curl -X "$METHOD" a'],
    "sudo rm": ["sudo $TOOL a; # rm"],
}


def rows(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(piece, command) for piece, commands in table.items() for command in commands]


@pytest.mark.parametrize(("piece", "command"), rows(FOUND))
def test_a_piece_is_found(piece: str, command: str) -> None:
    match = compile_piece(piece).matches(command)
    assert match.presence is Presence.FOUND
    assert (match.found, match.understood) == (True, True)
    assert match.invocation is not None
    assert match.invocation.program in compile_piece(piece).names


@pytest.mark.parametrize(("piece", "command"), rows(ABSENT))
def test_a_piece_is_not_there(piece: str, command: str) -> None:
    match = compile_piece(piece).matches(command)
    assert (match.presence, match.invocation) == (Presence.ABSENT, None)
    assert (match.found, match.understood) == (False, True)


@pytest.mark.parametrize(("piece", "command"), rows(UNSURE))
def test_what_a_variable_decides_is_not_known(piece: str, command: str) -> None:
    match = compile_piece(piece).matches(command)
    assert match.presence is Presence.UNSURE
    assert (match.found, match.understood) == (False, False)


def test_the_program_that_matches_is_shown() -> None:
    match = compile_piece("rm -rf").matches("ls\nsudo rm -r  -f 'a b'")
    assert match.invocation is not None
    assert match.invocation.show() == "rm -r -f a b"
    assert match.invocation.show(8) == "rm -r -…"


def test_a_command_that_does_not_name_the_program_is_not_looked_at() -> None:
    piece = compile_piece("rm -rf")
    names = ["$TOOL -rf x", "echo 'open", "format -rf", "--rm -rf", "farm -rf", "rm_all"]
    assert [piece.may_match(command) for command in names] == [False] * 6
    assert [piece.matches(command).presence for command in names] == [Presence.ABSENT] * 6
    assert [piece.may_match(command) for command in ("rm", "a;rm", "\\rm", 'r"m"', "/bin/rm", "rm\\\n", "r\\\nm")] == [
        True
    ] * 7


def test_invocations_can_be_found_elsewhere() -> None:
    piece = compile_piece("rm -rf")
    found = find_invocations("rm -rf x")
    assert piece.matches_invocations(found).invocation == found.found[0]
    assert piece.matches_invocations(Invocations((), understood=True)).presence is Presence.ABSENT
    assert piece.matches_invocations(Invocations((), understood=False)).presence is Presence.UNSURE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must name a program"),
        ("  \n", "must name a program"),
        ("''", "must name a program"),
        ("-rf", "must name a program"),
        ("*", "must name its program"),
        ("git* push", "must name its program"),
        ("--force x", "must name a program"),
        ("bin/", "must name a program"),
        ("# rm", "must hold one command"),
        ("rm 'x", "is a quote or a bracket open"),
        ("rm $(", "is a quote or a bracket open"),
        ("rm; ls", "must hold one command"),
        ("rm && ls", "must hold one command"),
        ("rm | ls", "must hold one command"),
        ("(rm)", "must hold one command"),
        ("f() { rm; }", "without redirections and settings"),
        ("rm > x", "without redirections and settings"),
        ("A=1 rm", "without redirections and settings"),
        ("A=1", "without redirections and settings"),
        ("rm $X", "must not hold variables"),
        ("$X", "must not hold variables"),
        ("rm `ls`", "must not hold variables"),
        ("rm \ud800", "half a character"),
        ("rm " + "x" * MAX_PIECE_CHARS, "must be shorter than 1000 characters"),
    ],
)
def test_what_is_no_piece_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compile_piece(text)


@given(st.sampled_from([command for commands in FOUND.values() for command in commands]))
def test_a_command_that_is_only_a_word_of_another_is_never_found(command: str) -> None:
    quoted = "'" + command.replace("'", "'\\''") + "'"
    for piece in FOUND:
        match = compile_piece(piece).matches(f"echo {quoted}")
        assert match.presence is Presence.ABSENT


@given(st.text(alphabet=st.characters(blacklist_characters="'\0\r", blacklist_categories=("Cs",)), max_size=60))
def test_any_text_in_quotes_is_only_a_word(text: str) -> None:
    assert compile_piece("rm -rf").matches(f"echo 'rm -rf {text}'").presence is Presence.ABSENT


@given(st.lists(st.sampled_from([*PIECES, "rm ", "-rf ", "$X ", "-- "]), max_size=60).map("".join))
def test_no_text_makes_it_stumble(text: str) -> None:
    for piece in ("rm -rf", "sudo rm", "git push --force"):
        assert isinstance(compile_piece(piece).matches(text).presence, Presence)
    try:
        piece = compile_piece(text)
    except ValueError:
        return
    assert piece.matches(text).presence is not Presence.ABSENT


def test_a_thousand_commands_take_little_time() -> None:
    number = count()

    def match(piece: str) -> set[Presence]:
        commands = [f"cd src/part{next(number)} && rm -r build | sort | head -20" for _ in range(1000)]  # none twice
        return {compile_piece(piece).matches(command).presence for command in commands}

    compile_piece("rm -rf").matches("rm -r build")
    assert takes_at_most(1, lambda: match("rm -rf")) == {Presence.ABSENT}  # 0.15 s; the rest is for slower machines
    assert takes_at_most(0.3, lambda: match("curl")) == {Presence.ABSENT}


def test_the_parser_is_loaded_with_the_first_command_that_needs_it() -> None:
    code = (
        "import sys\n"
        "from tachograph.analysis.shell import find_invocations\n"
        "find_invocations('  ')\n"
        "assert not any('tree_sitter' in name for name in sys.modules)\n"
        "find_invocations('ls')\n"
        "assert 'tree_sitter' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
