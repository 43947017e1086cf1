"""Setting a repository up, again, in part, and taking it all away."""

from __future__ import annotations

import os
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.app.bootstrap import files as files_module
from tachograph.app.bootstrap.block import MARKDOWN
from tachograph.app.bootstrap.files import write_plan
from tachograph.app.bootstrap.plan import Request, Setup, apply_setup, plan_setup
from tachograph.app.bootstrap.policy import is_ours, put_policy
from tachograph.app.goals.book import Author, Book, read
from tachograph.app.goals.place import find_place
from tachograph.errors import Busy, TachographError, UsageError
from tests.bootstrap.repositories import LEDGER, OURS, POLICY, git, make_repository, set_up, take_away, tree

BOTH = ("commit-msg", "pre-commit")
START, END = MARKDOWN.begin.encode(), MARKDOWN.end.encode()


def blocks(folder: Path) -> list[str]:
    return [name for name, (content, _) in tree(folder).items() if name.endswith(".md") and START in content]


def test_nothing_is_there_and_all_of_it_is_made(tmp_path: Path) -> None:
    make_repository(tmp_path)
    hooks = {name for name in tree(tmp_path) if name.startswith(".git/")}
    set_up(tmp_path)
    made = tree(tmp_path)
    assert set(made) - hooks == set(OURS)
    assert made[LEDGER][0] == b""
    assert b"\nmetrics/events.ndjson merge=union text eol=lf\n" in made[".gitattributes"][0]
    assert b"\n/metrics/events.ndjson.*.bak\n" in made[".gitignore"][0]
    assert b"`metrics/events.ndjson`. [The policy](<docs/goals-policy.md>)" in made["AGENTS.md"][0]


def test_a_folder_that_is_no_repository_is_set_up_too(tmp_path: Path) -> None:
    set_up(tmp_path)
    assert sorted(tree(tmp_path)) == sorted(OURS)


def test_a_folder_below_the_root_means_the_repository(tmp_path: Path) -> None:
    make_repository(tmp_path)
    (tmp_path / "src").mkdir()
    set_up(tmp_path / "src")
    assert (tmp_path / LEDGER).is_file()
    assert list((tmp_path / "src").iterdir()) == []


def test_a_ledger_that_is_there_stays_and_goals_can_be_kept(tmp_path: Path) -> None:
    make_repository(tmp_path)
    set_up(tmp_path)
    place = find_place(tmp_path, LEDGER)
    Book(place, Author(), UTC).start("Search works", "product")
    before = (tmp_path / LEDGER).read_bytes()
    set_up(tmp_path)
    take_away(tmp_path)
    assert (tmp_path / LEDGER).read_bytes() == before
    assert [goal.title for goal in read(place).state.goals] == ["Search works"]


@pytest.mark.parametrize(
    ("there", "with_block"),
    [
        ({}, ["AGENTS.md"]),
        ({"AGENTS__md": b"# Us\n"}, ["AGENTS.md"]),
        ({"CLAUDE__md": b"# Us\n"}, ["CLAUDE.md"]),
        ({"AGENTS__md": b"# Us\n", "CLAUDE__md": b"# Us\n"}, ["AGENTS.md", "CLAUDE.md"]),
        ({"AGENTS__md": b"# Us\n", "CLAUDE__md": b"# Us\n\n@AGENTS.md\n"}, ["AGENTS.md"]),
        ({"AGENTS__md": b"# Us\n", "CLAUDE__md": b"See @./AGENTS.md.\n"}, ["AGENTS.md"]),
        ({"CLAUDE__md": b"@AGENTS.md\n"}, ["AGENTS.md"]),
        ({"AGENTS__md": b"# Us\n", "CLAUDE__md": b"Ours is `@AGENTS.md`\n"}, ["AGENTS.md", "CLAUDE.md"]),
        ({"AGENTS__md": b"# Us\n", "CLAUDE__md": b"```\n@AGENTS.md\n```\n"}, ["AGENTS.md", "CLAUDE.md"]),
        ({"AGENTS__md": b"# Us\n", "CLAUDE__md": b"me@AGENTS.md\n"}, ["AGENTS.md", "CLAUDE.md"]),
        ({"AGENTS__md": b"# Us\n", "CLAUDE__md": b"@AGENTS.mdx\n"}, ["AGENTS.md", "CLAUDE.md"]),
    ],
)
def test_agents_are_told_once(tmp_path: Path, there: dict[str, bytes], with_block: list[str]) -> None:
    make_repository(tmp_path, **there)
    set_up(tmp_path)
    assert blocks(tmp_path) == with_block


def test_a_block_goes_from_a_file_that_has_come_to_import_the_other(tmp_path: Path) -> None:
    make_repository(tmp_path, AGENTS__md=b"# Us\n", CLAUDE__md=b"# Us\n")
    set_up(tmp_path)
    with (tmp_path / "CLAUDE.md").open("ab") as stream:
        stream.write(b"@AGENTS.md\n")
    set_up(tmp_path)
    assert (tmp_path / "CLAUDE.md").read_bytes() == b"# Us\n@AGENTS.md\n"
    assert blocks(tmp_path) == ["AGENTS.md"]


def test_a_link_from_one_to_the_other_is_one_file_and_stays_a_link(tmp_path: Path) -> None:
    make_repository(tmp_path, AGENTS__md=b"# Us\n")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    set_up(tmp_path)
    assert (tmp_path / "CLAUDE.md").is_symlink()
    assert (tmp_path / "AGENTS.md").read_bytes().count(START) == 1
    take_away(tmp_path)
    assert (tmp_path / "AGENTS.md").read_bytes() == b"# Us\n"


CONTENTS = st.one_of(
    st.none(), st.sampled_from([b"", b"\n", b"a", b"a\n", b"a\r\nb\r\n", b"a\r\nb", b"# \xc3\xa9\n\n\n", b"*.log\n"])
)
HOOKS = st.sampled_from(
    [None, b"#!/bin/sh\n", b"#!/bin/sh", b"#!/bin/bash -e\nmake\n", b"#!/usr/bin/env zsh\nmake\nexit 0"]
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(agents=CONTENTS, claude=CONTENTS, attributes=CONTENTS, ignore=CONTENTS, hook=HOOKS, steps=st.integers(0, 8))
def test_twice_is_once_a_part_is_finished_and_removal_is_the_way_back(
    tmp_path_factory: pytest.TempPathFactory, agents, claude, attributes, ignore, hook, steps
) -> None:
    folder = tmp_path_factory.mktemp("r")
    git(folder, "init", "-q", "--template=")
    there = {"AGENTS.md": agents, "CLAUDE.md": claude, ".gitattributes": attributes, ".gitignore": ignore}
    there[".git/hooks/pre-commit"] = hook
    (folder / ".git" / "hooks").mkdir()
    for name, content in there.items():
        if content is not None:
            (folder / name).write_bytes(content)
            (folder / name).chmod(0o750)
    before = tree(folder)
    apply_part(plan_setup(Request(folder, LEDGER, hooks=BOTH)), steps)
    set_up(folder, hooks=BOTH)
    once = tree(folder)
    set_up(folder)
    assert tree(folder) == once
    assert all(once[name][1] == 0o750 for name in before)
    take_away(folder)
    del once[LEDGER]
    assert tree(folder) == {**before, LEDGER: (b"", 0o600)}
    take_away(folder)
    assert tree(folder) == {**before, LEDGER: (b"", 0o600)}


def apply_part(setup: Setup, steps: int) -> None:
    """Do so many files of a set-up, then stop: killed."""
    changing = [plan for plan in setup.files if plan.changes]
    if steps:
        apply_setup(Setup(setup.root, setup.ledger, setup.makes_ledger, ()))
    for plan in changing[: max(0, steps - 1)]:
        write_plan(plan)


@pytest.mark.parametrize("number", range(5))
def test_killed_between_writing_and_renaming_it_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    make_repository(tmp_path)
    whole = make_repository(tmp_path.parent / f"{tmp_path.name}-whole")
    set_up(whole, hooks=("pre-commit",))
    calls = []

    def replace(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) > number:
            raise KeyboardInterrupt
        os.rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("tachograph.app.bootstrap.files.os.replace", replace)
        patch.setattr(files_module, "_forget", lambda part: None)
        with pytest.raises(KeyboardInterrupt):
            set_up(tmp_path, hooks=("pre-commit",))
    assert len(list(tmp_path.rglob("*.tacho-part"))) == 1
    set_up(tmp_path, hooks=("pre-commit",))
    assert tree(tmp_path) == tree(whole)


def test_what_was_changed_since_the_plan_is_not_written_over(tmp_path: Path) -> None:
    make_repository(tmp_path, AGENTS__md=b"# Us\n")
    setup = plan_setup(Request(tmp_path, LEDGER))
    (tmp_path / "AGENTS.md").write_bytes(b"# Others\n")
    with pytest.raises(Busy, match=r"AGENTS\.md was changed meanwhile"):
        apply_setup(setup)
    assert (tmp_path / "AGENTS.md").read_bytes() == b"# Others\n"
    assert not list(tmp_path.rglob("*.tacho-part"))
    set_up(tmp_path)
    assert (tmp_path / "AGENTS.md").read_bytes().startswith(b"# Others\n\n" + START)


def test_a_block_changed_by_hand_is_put_right_and_the_text_around_it_stays(tmp_path: Path) -> None:
    make_repository(tmp_path)
    set_up(tmp_path)
    path = tmp_path / "AGENTS.md"
    whole = path.read_bytes()
    path.write_bytes(b"above\n" + whole.replace(b"## Goals", b"## Other") + b"below")
    set_up(tmp_path)
    assert path.read_bytes() == b"above\n" + whole + b"below"
    take_away(tmp_path)
    assert path.read_bytes() == b"above\nbelow"


def test_marks_without_partner_stop_everything_unless_forced(tmp_path: Path) -> None:
    make_repository(tmp_path, AGENTS__md=b"# Us\n\n" + START + b"\nkept\n")
    before = tree(tmp_path)
    for change in (set_up, take_away):
        with pytest.raises(TachographError, match="line 3 begins a block that does not end") as caught:
            change(tmp_path)
        assert (caught.value.slug, caught.value.exit_code) == ("file_not_editable", 4)
        assert tree(tmp_path) == before
    set_up(tmp_path, force=True)
    content = (tmp_path / "AGENTS.md").read_bytes()
    assert content.startswith(b"# Us\n\nkept\n\n" + START)
    assert content.count(START) == content.count(END) == 1


# ------------------------------------------------------------------------------------------------------------ policy


def test_an_edited_policy_is_left_alone_and_named(tmp_path: Path) -> None:
    make_repository(tmp_path)
    set_up(tmp_path)
    path = tmp_path / POLICY
    made = path.read_bytes()
    path.write_bytes(made + b"\n## And we\n")
    assert set_up(tmp_path) == (f"{POLICY} was written or changed by somebody, and stays (--force replaces it).",)
    assert path.read_bytes() == made + b"\n## And we\n"
    assert take_away(tmp_path)[1:] == (f"{POLICY} stays: somebody has written or changed it.",)
    assert path.read_bytes() == made + b"\n## And we\n"
    assert set_up(tmp_path, force=True) == ()
    assert path.read_bytes() == made


def test_a_policy_of_another_version_is_brought_up_to_date_with_its_line_ends() -> None:
    ours = put_policy(None, "a.ndjson")
    assert is_ours(ours)
    assert is_ours(ours.replace(b"\n", b"\r\n")), "git may have changed the line ends"
    assert not is_ours(ours.replace(b"Begin", b"Start"))
    assert not is_ours(b"# Ours\n")
    assert put_policy(ours.replace(b"\n", b"\r\n"), "b.ndjson") == put_policy(None, "b.ndjson").replace(b"\n", b"\r\n")


def test_a_policy_elsewhere(tmp_path: Path) -> None:
    make_repository(tmp_path)
    set_up(tmp_path, policy="GOALS.md")
    assert is_ours((tmp_path / "GOALS.md").read_bytes())
    assert b"[The policy](<GOALS.md>)" in (tmp_path / "AGENTS.md").read_bytes()
    assert not (tmp_path / POLICY).exists()


@pytest.mark.parametrize(
    "name", ["/etc/x.md", "a`b.md", "a\nb.md", "a--b.md", "<a>.md", ".git/x.md", ".", "AGENTS.md", LEDGER]
)
def test_a_policy_path_that_would_break_something_is_refused(tmp_path: Path, name: str) -> None:
    before = tree(make_repository(tmp_path))
    with pytest.raises(UsageError) as caught:
        set_up(tmp_path, policy=name)
    assert caught.value.slug == "odd_path"
    assert tree(tmp_path) == before


# ------------------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize("name", ["AGENTS.md", ".gitattributes", ".gitignore", "docs", "metrics", POLICY])
def test_no_link_out_of_the_repository_is_followed(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"theirs\n")
    root = make_repository(tmp_path / "root")
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(outside if "." not in name else outside / "file")
    before = tree(root)
    with pytest.raises(TachographError) as caught:
        set_up(root)
    assert caught.value.slug in ("link_leads_out", "ledger_elsewhere")
    assert tree(root) == before
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"file": b"theirs\n"}


@pytest.mark.parametrize("content", [b"\xff\xfea\x00", b"a\x00b"])
def test_what_is_no_text_is_left_alone(tmp_path: Path, content: bytes) -> None:
    make_repository(tmp_path, AGENTS__md=content)
    with pytest.raises(TachographError, match=r"AGENTS\.md is left as it is: it is not text in UTF-8"):
        set_up(tmp_path)
    assert (tmp_path / "AGENTS.md").read_bytes() == content
    assert not (tmp_path / POLICY).exists()


def test_a_pipe_in_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "AGENTS.md")
    with pytest.raises(TachographError, match="no regular file"):
        set_up(tmp_path)
