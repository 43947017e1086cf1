from __future__ import annotations

import pytest

from tachograph.sources._projects import project_of
from tests.unit.sources.parsing import new_claude, new_codex, read


@pytest.mark.parametrize(
    ("cwd", "project"),
    [
        ("/home/ada/site", "/home/ada/site"),
        ("/home/ada/site/", "/home/ada/site"),
        ("/home/ada/site/docs", "/home/ada/site/docs"),
        ("/home/ada/site/.claude/worktrees/fix-login", "/home/ada/site"),
        ("/home/ada/site/.claude/worktrees/fix-login/docs/api", "/home/ada/site"),
        ("/home/ada/site/.claude/worktrees/fix-login/", "/home/ada/site"),
        ("/home/ada/site/.worktrees/fix-login", "/home/ada/site"),
        ("/home/ada/site/.worktrees/fix-login/docs", "/home/ada/site"),
        ("/home/ada/site/.claude/worktrees", "/home/ada/site/.claude/worktrees"),
        ("/home/ada/site/.worktrees", "/home/ada/site/.worktrees"),
        ("/home/ada/site/worktrees/fix", "/home/ada/site/worktrees/fix"),
        ("/home/ada/site.worktrees/fix", "/home/ada/site.worktrees/fix"),
        ("/home/ada/site/.claude", "/home/ada/site/.claude"),
        ("C:\\Users\\ada\\site", "C:\\Users\\ada\\site"),
        ("C:\\Users\\ada\\site\\", "C:\\Users\\ada\\site"),
        ("C:\\Users\\ada\\site\\.claude\\worktrees\\fix", "C:\\Users\\ada\\site"),
        ("C:\\Users\\ada\\site\\.worktrees\\fix\\docs", "C:\\Users\\ada\\site"),
        ("C:/Users/ada/site/.claude/worktrees/fix", "C:/Users/ada/site"),
        ("\\\\wsl$\\Ubuntu\\home\\ada\\site\\.worktrees\\fix", "\\\\wsl$\\Ubuntu\\home\\ada\\site"),
        ("C:\\", "C:\\"),
        ("/", "/"),
        ("/.worktrees/fix", "/"),
    ],
)
def test_a_project_is_the_working_directory_with_worktrees_folded_in(cwd, project):
    assert project_of(cwd) == project


def test_the_first_working_directory_decides_and_all_are_kept():
    log = new_claude(cwd="/home/ada/site/.worktrees/fix").prompt()
    log.cwd = "/home/ada/site"
    log.prompt()
    log.cwd = "/home/ada/other"
    log.prompt()
    log.cwd = "/home/ada/site"
    session = read(log.prompt())
    assert session.project == "/home/ada/site"
    assert session.cwds == ("/home/ada/site/.worktrees/fix", "/home/ada/site", "/home/ada/other")


def test_codex_sees_the_directory_of_the_meta_and_of_each_turn():
    log = new_codex(cwd="/home/ada/site/.claude/worktrees/a").turn()
    log.cwd = "/home/ada/site/docs"
    session = read(log.turn())
    assert (session.project, session.cwds) == (
        "/home/ada/site",
        ("/home/ada/site/.claude/worktrees/a", "/home/ada/site/docs"),
    )


def test_without_a_working_directory_there_is_no_project():
    log = new_claude().emit({"type": "user", "uuid": "u1", "sessionId": "s1", "message": {"content": "Hello"}})
    assert (read(log).project, read(log).cwds) == (None, ())
