"""Setting up, or taking away: everything is planned first, then done file by file.

Each file is replaced whole, so that a set-up which was interrupted is finished by running it again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from tachograph.app.bootstrap import agents, attributes, git_hooks, policy
from tachograph.app.bootstrap.block import HASH, MARKDOWN, BadMarks, Style, drop_block, has_block, mend_marks, put_block
from tachograph.app.bootstrap.files import FilePlan, locate, read_text, refusal, write_plan
from tachograph.app.bootstrap.git_hooks import HookName
from tachograph.app.goals.place import find_place
from tachograph.errors import NotFound, TachographError, UsageError
from tachograph.ledger import file as ledger_file
from tachograph.report.sanitise import harmless

POLICY_PATH = "docs/goals-policy.md"
_ODD = re.compile("[\x00-\x1f\x7f`<>\ud800-\udfff]")


class Request(msgspec.Struct, frozen=True):
    """What is wanted."""

    folder: Path
    """In the repository to set up."""
    ledger: str
    """Path of the ledger from the root (``goals.path``)."""
    policy: str = POLICY_PATH
    hooks: tuple[HookName, ...] = ()
    """Hooks to install; those that are installed stay, and are brought up to date."""
    force: bool = False
    """Mend broken marks, write over an edited policy."""


class Setup(msgspec.Struct, frozen=True):
    """What would be done."""

    root: Path
    ledger: Path
    makes_ledger: bool
    files: tuple[FilePlan, ...]
    notes: tuple[str, ...] = ()
    """What was left alone, and why."""


def plan_setup(request: Request) -> Setup:
    """What has to be done that the repository is set up; nothing is written.

    Raises UsageError and TachographError where a file may not be changed, or a path leads out of the repository.
    """
    root, ledger = _find(request)
    notes: list[str] = []
    named = ledger.relative_to(root).as_posix()
    _check_name(named, "goals.path")
    files = [
        *_plan_policy(request, root, named, notes),
        *_plan_lines(request, root, attributes.ATTRIBUTES, attributes.attribute_lines(named)),
        *_plan_lines(request, root, attributes.IGNORE, attributes.ignore_lines(named)),
        *_plan_agents(request, root, agents.describe_goals(named, request.policy)),
        *_plan_hooks(request, root),
    ]
    _check_distinct([ledger, *(plan.path for plan in files)])
    makes_ledger = not os.path.lexists(ledger)
    if not makes_ledger:
        ledger_file.read(ledger)  # one that cannot be read is to be known before anything is written
    return Setup(root, ledger, makes_ledger, tuple(files), tuple(notes))


def plan_removal(request: Request) -> Setup:
    """What has to be done that the repository is as it was, but for its ledger; nothing is written. Raises as
    ``plan_setup``."""
    root, ledger = _find(request)
    notes = [f"{harmless(str(ledger.relative_to(root)))} stays: it holds your goals."] if ledger.exists() else []
    files = [
        *_drop_policy(request, root, notes),
        *(_drop(request, root, locate(root, name), HASH) for name in (attributes.ATTRIBUTES, attributes.IGNORE)),
        *(_drop(request, root, path, MARKDOWN) for path in agents.list_files(root)),
        *_drop_hooks(request, root, notes),
    ]
    return Setup(root, ledger, False, tuple(files), tuple(notes))


def apply_setup(setup: Setup) -> None:
    """Do what was planned, one file after the other. Raises Busy and TachographError."""
    if setup.makes_ledger:
        ledger_file.change(setup.ledger, lambda _: [])
    for plan in setup.files:
        write_plan(plan)


def _find(request: Request) -> tuple[Path, Path]:
    """The root without links, and the ledger in it."""
    place = find_place(request.folder, request.ledger)
    root = Path(os.path.realpath(place.root))
    return root, locate(root, place.path.parent.relative_to(place.root) / place.path.name)


def _check_name(name: str, what: str) -> None:
    if _ODD.search(name) or "--" in name:
        raise UsageError(f"{what} must not have control characters, backticks, <, > or -- in it.", slug="odd_path")


def _check_distinct(paths: list[Path]) -> None:
    twice = [path for path in paths if paths.count(path) > 1]
    if twice:
        raise UsageError(f"{harmless(str(twice[0]))} cannot be two things at once.", slug="odd_path")


def _plan_policy(request: Request, root: Path, ledger: str, notes: list[str]) -> Iterator[FilePlan]:
    _check_name(request.policy, "--policy-path")
    if Path(request.policy).is_absolute() or Path(request.policy).parts[:1] in ((), (".git",)):
        raise UsageError("--policy-path is the path of a file from the repository's root.", slug="odd_path")
    path = locate(root, request.policy)
    before = read_text(path)
    if before is not None and not policy.is_ours(before) and not request.force:
        notes.append(f"{harmless(request.policy)} was written or changed by somebody, and stays (--force replaces it).")
        return
    yield _plan(root, path, before, policy.put_policy(before, ledger))


def _drop_policy(request: Request, root: Path, notes: list[str]) -> Iterator[FilePlan]:
    path = locate(root, request.policy)
    before = read_text(path)
    if before is None:
        return
    if policy.is_ours(before):
        yield _plan(root, path, before, None)
    else:
        notes.append(f"{harmless(request.policy)} stays: somebody has written or changed it.")


def _plan_lines(request: Request, root: Path, name: str, lines: list[str]) -> Iterator[FilePlan]:
    path = locate(root, name)

    def put(content: bytes | None) -> bytes | None:
        if has_block(content or b"", HASH) or attributes.needs_lines(content, lines):
            return put_block(content, HASH, lines)
        return content

    yield _change(request, root, path, HASH, put)


def _plan_agents(request: Request, root: Path, lines: list[str]) -> Iterator[FilePlan]:
    wanted, unwanted = agents.choose_files(root)
    for path in wanted:
        yield _change(request, root, path, MARKDOWN, lambda content: put_block(content, MARKDOWN, lines))
    for path in unwanted:
        yield _drop(request, root, path, MARKDOWN)


def _plan_hooks(request: Request, root: Path) -> Iterator[FilePlan]:
    try:
        folder = git_hooks.find_hooks(root)
    except TachographError:
        if request.hooks:
            raise
        return
    for name in dict.fromkeys((*request.hooks, *git_hooks.installed_hooks(folder))):
        yield _change(request, folder.own, folder.own / name, HASH, partial(git_hooks.put_hook, folder, name))


def _drop_hooks(request: Request, root: Path, notes: list[str]) -> Iterator[FilePlan]:
    try:
        folder = git_hooks.find_hooks(root)
    except NotFound:  # no repository: no hooks
        return
    except TachographError as error:
        notes.append(f"Hooks of git, if there are any, stay: {error.message}")
        return
    for name in git_hooks.installed_hooks(folder):
        yield _change(request, folder.own, folder.own / name, HASH, git_hooks.drop_hook)


def _drop(request: Request, root: Path, path: Path, style: Style) -> FilePlan:
    return _change(request, root, path, style, lambda content: content and drop_block(content, style))


def _change(
    request: Request, base: Path, path: Path, style: Style, make: Callable[[bytes | None], bytes | None]
) -> FilePlan:
    """The change of a file by its block; with ``force`` broken marks are mended first."""
    before = read_text(path)
    known = mend_marks(before, style) if request.force and before is not None else before
    try:
        return _plan(base, path, before, make(known))
    except BadMarks as error:
        raise refusal(
            path, str(error), "Put the marks right, or let --force take out those that have no partner."
        ) from error


def _plan(base: Path, path: Path, before: bytes | None, after: bytes | None) -> FilePlan:
    locate(base, path)  # before anything is written
    is_hook = path.parent == base and base.name == "hooks" and path.name in git_hooks.CALLS
    name = str(path) if is_hook else path.relative_to(base).as_posix()
    return FilePlan(name, path, base, before, after, is_hook)
