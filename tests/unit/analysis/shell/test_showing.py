"""Which commands may have shown or changed what a file holds."""

from __future__ import annotations

import pytest

from tachograph.analysis.shell.showing import may_show

BLIND = """
ls
ls -la src
ls *.py
cd src && ls
pwd
echo done
true
sleep 5
mkdir -p lib/x
env
wc -l *.py
git status
git status --short
git status | head -5
git -C lib log --oneline -5
git --no-pager log -5
git diff --stat
git diff --name-only HEAD~1
git show --stat HEAD
git branch -v
find . -name '*.ts'
find . -name '*.ts' | xargs wc -l
ls | grep py
cat b.py
head -5 b.py | sort
cat < b.py
sed -n 1,5p b.py
grep -n total b.py
rg total b.py
diff b.py c.py
echo x > b.txt
pytest
pytest -q 2>&1 | tail -5
pytest -q tests/test_b.py > out.txt
FAST=1 python3 -m pytest -q
timeout 60 .venv/bin/python -m pytest
uv run pytest
npm test
npx tsc --noEmit
cargo clippy
go vet ./...
ruff check .
""".strip().splitlines()
SHOWING = """
cat a.py
cat ./A.PY
cat a\\.py
cat 'a''.py'
ls a.py
cat *.py
cat ?.py
head -5 $F
cat < $F
awk 1 *
grep -rn total
grep -rn total src
ls | grep -r py
rg total
ag total lib
diff src lib
find . -exec cat {} +
fd -x cat
find . | xargs cat
xargs
git
git diff
git diff --stat -p
git log -p
git log -5 -u
git show HEAD
git status -v
git stash
git checkout main
git commit -m x
sed -i s/a/b/ b.py
echo $(cat *.py)
X=$(cat *.py)
echo x > $F
for f in *.py; do cat $f; done
show() { cat *.py; }; show
bash -c 'cat *.py'
env cat b.py
$RUN
make
make test
npm run build
npm test -- --fix
npx eslint --fix .
npx prettier --write .
ruff check --fix .
ruff format .
pytest && ruff format .
./gen.sh
echo 'unclosed
""".strip().splitlines()


@pytest.mark.parametrize("command", BLIND)
def test_nothing_of_a_file_is_seen_by(command: str) -> None:
    assert not may_show(command, "a.py")


@pytest.mark.parametrize("command", SHOWING)
def test_a_file_may_be_seen_or_changed_by(command: str) -> None:
    assert may_show(command, "a.py")


def test_what_was_cut_may_have_shown_anything() -> None:
    assert may_show("ls " + "x" * 500, "a.py")
