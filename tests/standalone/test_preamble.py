"""What the single file puts beside what it has unpacked: a Python that finds it, and the program of the hooks."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def preamble() -> ModuleType:
    """tools/standalone_preamble.py, as if it were not run by shiv."""
    spec = importlib.util.spec_from_file_location("standalone_preamble", ROOT / "tools" / "standalone_preamble.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unpack(home: Path, build: str) -> Path:
    """A folder as shiv unpacks it, with a hook that says its name."""
    place = home / f"tacho_{build}" / "site-packages"
    hooks = place / "tachograph" / "hooks"
    hooks.mkdir(parents=True)
    (hooks.parent / "__init__.py").touch()
    (hooks / "__init__.py").write_text(f"import sys\ndef main():\n    print('{build}', *sys.argv[1:])\n")
    return place


def run(*command: Path | str) -> str:
    """What a program prints that is started without any of our variables."""
    done = subprocess.run(
        list(map(str, command)), env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("name", ["plain", "with space", "it's", "l" * 130])
def test_the_python_and_the_hook_find_what_was_unpacked(preamble: ModuleType, tmp_path: Path, name: str):
    home = tmp_path / name
    python = preamble.settle(unpack(home, "one"))
    assert python == home / "bin" / "python"
    assert run(home / "bin" / "tacho-hook", "session-start", "--x") == "one session-start --x\n"
    assert run(python, "-P", "-c", "import tachograph.hooks; tachograph.hooks.main()") == "one\n"
    assert run(python, "-c", "import sys; print(sys.prefix, sys.executable)") == f"{home} {python}\n"


def test_the_build_that_was_started_last_is_found(preamble: ModuleType, tmp_path: Path):
    first, second = unpack(tmp_path, "one"), unpack(tmp_path, "two")
    for place, said in ((first, "one\n"), (second, "two\n"), (first, "one\n")):
        preamble.settle(place)
        assert run(tmp_path / "bin" / "tacho-hook") == said
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["python", "tacho-hook"]


def test_a_second_start_writes_nothing(preamble: ModuleType, tmp_path: Path):
    place = unpack(tmp_path, "one")
    preamble.settle(place)
    written = [tmp_path / "bin" / "tacho-hook", tmp_path / "pyvenv.cfg"]
    for path in written:
        os.utime(path, (1, 1))
    preamble.settle(place)
    assert [path.stat().st_mtime for path in written] == [1, 1]


def test_what_was_lost_is_made_again(preamble: ModuleType, tmp_path: Path):
    place = unpack(tmp_path, "one")
    preamble.settle(place)
    (tmp_path / "bin" / "python").unlink()
    (tmp_path / "bin" / "python").symlink_to(tmp_path / "a Python that is gone")
    preamble.settle(place)
    assert run(tmp_path / "bin" / "tacho-hook") == "one\n"
    shutil.rmtree(tmp_path / "bin")
    preamble.settle(place)
    assert run(tmp_path / "bin" / "tacho-hook") == "one\n"


def test_many_at_once_leave_nothing_half_made(preamble: ModuleType, tmp_path: Path):
    unpack(tmp_path, "one")
    program, place = ROOT / "tools" / "standalone_preamble.py", tmp_path / "tacho_one" / "site-packages"
    code = (
        "import runpy, sys; from pathlib import Path; given = {'site_packages': Path(sys.argv[2])};"
        "runpy.run_path(sys.argv[1], init_globals=given, run_name='__main__'); print(sys.executable)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, program, place], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert {one.communicate()[0] for one in started} == {f"{tmp_path / 'bin' / 'python'}\n"}
    assert run(tmp_path / "bin" / "tacho-hook") == "one\n"
    assert sorted(path.name for path in (tmp_path / "bin").iterdir()) == ["python", "tacho-hook"]
