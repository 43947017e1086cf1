"""The house rules that no linter knows: sizes, docstrings, sockets, start-up, and nothing of anyone's own machine."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "tachograph"
SOURCES = sorted(PACKAGE.rglob("*.py"))
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60

SOCKET_MODULES = {
    "_socket",
    "aiohttp",
    "asyncio",
    "ftplib",
    "http.client",
    "http.cookiejar",
    "http.server",
    "httpcore",
    "httpx",
    "imaplib",
    "mlflow",
    "multiprocessing.connection",
    "multiprocessing.managers",
    "poplib",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "urllib.request",
    "urllib3",
    "webbrowser",
    "websockets",
    "xmlrpc",
}
HEAVY_MODULES = {
    "ahocorasick",
    "asyncio",
    "genai_prices",
    "h11",
    "http",
    "httpx",
    "jinja2",
    "mlflow",
    "multiprocessing",
    "numpy",
    "platformdirs",
    "pyarrow",
    "pydantic",
    "regex",
    "rich",
    "ruamel",
    "socket",
    "sqlite3",
    "starlette",
    "subprocess",
    "tree_sitter",
    "uvicorn",
    "watchfiles",
    "xgboost",
    "xxhash",
    "zstandard",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    """Return the dotted name of a module below src/."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


# --------------------------------------------------------------------------------------------------- sizes


def test_files_are_short_enough_to_hold_one_idea():
    sizes = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in sizes.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short_enough_to_be_read_at_once():
    sizes = {
        (name_of(path), node.name, node.lineno): (node.end_lineno or node.lineno) - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, Function)
    }
    assert {name: lines for name, lines in sizes.items() if lines > MAX_FUNCTION_LINES} == {}


# ---------------------------------------------------------------------------------------------- docstrings


def find_undocumented(tree: ast.Module) -> Iterator[str]:
    """Yield the module, public classes, functions and methods that have no docstring; an empty module needs none."""
    if tree.body and ast.get_docstring(tree) is None:
        yield "the module"
    holders: list[tuple[str, ast.Module | ast.ClassDef]] = [("", tree)]
    for prefix, holder in holders:
        for node in holder.body:
            if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
                continue
            if ast.get_docstring(node) is None and not decorators_of(node) & {"overload", "override", "setter"}:
                yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                holders.append((f"{prefix}{node.name}.", node))


def decorators_of(node: Function | ast.ClassDef) -> set[str]:
    return {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}


def test_public_names_have_docstrings():
    missing = [(name_of(path), name) for path in SOURCES for name in find_undocumented(tree_of(path))]
    # The names of a module with an underscore are known to one room only.
    private = {module for module, _ in missing if any(part.startswith("_") for part in module.split("."))}
    assert [(module, name) for module, name in missing if module not in private or name == "the module"] == []


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        ("", []),
        ("x = 1", ["the module"]),
        ('"""Doc."""\ndef f(): ...', ["f"]),
        ('"""Doc."""\ndef _f(): ...', []),
        ('"""Doc."""\nclass C:\n    """Doc."""\n    def m(self): ...\n    def __add__(self, o): ...', ["C.m"]),
        ('"""Doc."""\nclass C:\n    class D:\n        """Doc."""\n        def m(self): ...', ["C", "C.D.m"]),
        ('"""Doc."""\nclass _C:\n    def m(self): ...', []),
        ('"""Doc."""\n@typing.overload\ndef f(): ...', []),
    ],
)
def test_the_rule_on_docstrings_finds_what_it_should(code, missing):
    assert list(find_undocumented(ast.parse(code))) == missing


# ------------------------------------------------------------------------------------------------- imports


def find_imports(tree: ast.Module, package: str) -> Iterator[str]:
    """Yield the dotted name of everything imported, wherever in the file; ``package`` anchors relative imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            anchor = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*anchor, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imports_of(path: Path) -> set[str]:
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    return set(find_imports(tree_of(path), package))


def matches(name: str, modules: set[str]) -> bool:
    """Return whether ``name`` is one of ``modules`` or lies in one of them."""
    parts = name.split(".")
    return any(".".join(parts[:length]) in modules for length in range(1, len(parts) + 1))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import socket", {"socket"}),
        ("import os, urllib.request as r", {"urllib.request"}),
        ("from urllib import request", {"urllib.request"}),
        ("from urllib.request import urlopen", {"urllib.request", "urllib.request.urlopen"}),
        ("def f():\n    import http.client", {"http.client"}),
        ("from urllib.parse import quote\nfrom http import HTTPStatus", set()),
        ("from . import socket", set()),
        ("from .socket import x", set()),
    ],
)
def test_the_rule_on_sockets_finds_what_it_should(code, found):
    imports = find_imports(ast.parse(code), "tachograph.cli")
    assert {name for name in imports if matches(name, SOCKET_MODULES)} == found


def test_only_listed_modules_can_open_a_socket():
    opening = {name_of(path) for path in SOURCES if any(matches(name, SOCKET_MODULES) for name in imports_of(path))}
    assert opening - set(CONFIG["tool"]["tachograph"]["network"]) == set()


def test_the_list_of_network_modules_agrees_with_the_import_contract():
    contract = next(c for c in CONFIG["tool"]["importlinter"]["contracts"] if c["name"] == "No sockets")
    excepted = {edge.partition("->")[0].strip() for edge in contract["ignore_imports"]}
    listed = set(CONFIG["tool"]["tachograph"]["network"])
    assert excepted == listed
    assert listed <= {name_of(path) for path in SOURCES}


def source_of(name: str) -> str | None:
    """Return which source a module belongs to: ``tachograph.sources.codex.lines`` → ``codex``; None for shared ones."""
    parts = name.split(".")
    if parts[:2] != ["tachograph", "sources"] or len(parts) < 3 or parts[2].startswith("_"):
        return None
    return parts[2] if any(part.stem == parts[2] for part in (PACKAGE / "sources").iterdir()) else None


def test_sources_do_not_know_each_other():
    known = {
        name_of(path): {source_of(name) for name in imports_of(path)} - {None, source_of(name_of(path))}
        for path in (PACKAGE / "sources").rglob("*.py")
        if path != PACKAGE / "sources" / "__init__.py"
    }
    assert len(known) > 2
    assert {name: others for name, others in known.items() if others} == {}


# ------------------------------------------------------------------------------------------------ start-up


@pytest.mark.parametrize(
    "module", ["tachograph", "tachograph.errors", "tachograph.paths", "tachograph.settings", "tachograph.cli"]
)
def test_importing_it_loads_nothing_heavy(module):
    code = f"import sys; bare = set(sys.modules); import {module}; print(*(set(sys.modules) - bare))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert loaded & HEAVY_MODULES == set()


# ---------------------------------------------------------------------------------------------------- time

CPU_CLOCKS = ("process_time", "thread_time", "perf_counter")
LEAST_LIMIT_SECONDS = 3
"""What a wall clock may be compared with: a machine that runs tests can leave a process alone for a second."""


def find_hasty_limits(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that measure CPU time by themselves, and those that allow a wall clock next to nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("process_time", "thread_time", "perf_counter")
        ):
            yield node.lineno
        elif isinstance(node, ast.Compare) and "monotonic()" in ast.unparse(node):
            terms = [node.left, *node.comparators]
            for operator, left, right in zip(node.ops, terms, terms[1:], strict=False):
                if (
                    isinstance(operator, ast.Lt | ast.LtE)
                    and "monotonic()" in ast.unparse(left)
                    and isinstance(right, ast.Constant)
                    and right.value < LEAST_LIMIT_SECONDS
                ):
                    yield node.lineno


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("start = time.process_time()", [1]),
        ("\nspent = perf_counter() - start", [2]),
        ("assert time.monotonic() - start < 0.5", [1]),
        ("assert 0.1 < time.monotonic() - start <= 2", [1]),
        ("assert 0.1 < time.monotonic() - start < 5", []),
        ("assert time.monotonic() - start > 0.5", []),
        ("while time.monotonic() < until: pass", []),
        ("takes_at_most(0.1, work, clock=time.monotonic)", []),
    ],
)
def test_the_rule_on_limits_of_time_finds_what_it_should(code, lines):
    assert list(find_hasty_limits(ast.parse(code))) == lines


def test_limits_of_time_hold_on_a_busy_machine():
    """CPU time is measured by ``tests/effort.py``, which tries again and leaves out what other threads do."""
    tests = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("*.py"))}
    hasty = {
        path.relative_to(ROOT).as_posix(): lines
        for path, text in tests.items()
        if re.search(r"(process_time|thread_time|perf_counter|monotonic)\(\)", text) and "effort" not in path.name
        if (lines := list(find_hasty_limits(tree_of(path))))
    }
    assert hasty == {}


# ------------------------------------------------------------------------------------------- tracked files

MADE_UP_NAMES = {"ada", "alice", "bob", "dev", "me", "name", "sam", "someone", "user", "x", "you"}
HOME_PATTERN = re.compile(
    rb"(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})([A-Za-z][\w.-]*)|(?<![\w.~])/root(?=/[\w.])"
)
TOP_LEVEL = {
    ".ci", ".editorconfig", ".gitignore", ".pre-commit-hooks.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "Makefile", "README.md", "SECURITY.md", "action.yml", "docs", "man", "plugins", "pyproject.toml", "src", "tests",
    "tools",
}  # fmt: skip
UNTRACKED_FOLDERS = {".git", ".venv", ".hypothesis", "build", "dist", "__pycache__"}


def find_tracked_files() -> list[Path]:
    """Return what git tracks or would add; without git (a source archive) every file outside folders of tools."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return list(walk_files(ROOT))
    paths = (ROOT / os.fsdecode(name) for name in listed.split(b"\0") if name)
    return [path for path in paths if path.is_file()]


def walk_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in UNTRACKED_FOLDERS or path.name.endswith((".egg-info", "_cache")):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from walk_files(path)
        elif path.is_file():
            yield path


def find_private_paths(content: bytes) -> list[str]:
    """Return the homes named in ``content`` that are not made up, and the place of this checkout."""
    homes = [match for match in HOME_PATTERN.finditer(content) if (match[1] or b"").decode() not in MADE_UP_NAMES]
    found = [match[0].decode() for match in homes]
    if len(ROOT.parts) > 2 and re.search(rb"(?<![\w.])" + re.escape(os.fsencode(ROOT)) + rb"(?![\w-])", content):
        found.append(str(ROOT))
    return found


def test_nothing_unexpected_is_tracked():
    """Samples that somebody generated in the checkout get no further than here."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout")
    assert {path.relative_to(ROOT).parts[0] for path in find_tracked_files()} - TOP_LEVEL == set()


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"see /ho" + b"me/jdoe42/project", 1),
        (b"see /Us" + b"ers/jdoe42/project", 1),
        (b"C:\\\\Us" + b"ers\\\\jdoe42", 1),
        (b"in /ro" + b"ot/.claude", 1),
        (b"cwd /home/ada/project and /Users/sam/x", 0),
        (b"the /root of a tree, ~/root/x, src/root/x", 0),
        (os.fsencode(ROOT) + b"/src", 1),
    ],
)
def test_the_rule_on_private_paths_finds_what_it_should(content, count):
    assert len(find_private_paths(content)) == count


def test_no_tracked_file_names_a_place_on_a_developers_machine():
    tracked = find_tracked_files()
    assert ROOT / "pyproject.toml" in tracked
    found = {str(path.relative_to(ROOT)): find_private_paths(path.read_bytes()) for path in tracked}
    assert {path: places for path, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "name", ["LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "src/tachograph/py.typed"]
)
def test_what_every_release_needs_is_there(name):
    assert ROOT / name in find_tracked_files()
