"""Put tacho and all that it needs into one file that a Python of the same version runs: dist/tacho.

python tools/make_standalone.py OUT     run by the Python of an environment that has shiv; see `make standalone`

Two runs over the same sources and the same versions of libraries give the same bytes: no time, no path of this machine
and no compiled code goes into the file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PREAMBLE = ROOT / "tools" / "standalone_preamble.py"
HOME = "~/.local/lib/tachograph"
"""Where the file unpacks itself, once; SHIV_ROOT overrides it."""
MINE = ("direct_url.json", "INSTALLER", "REQUESTED", "RECORD")
"""Files about an installation on this machine."""


def gather(place: Path) -> None:
    """Install Tachograph and its libraries into ``place``, without what is this machine's."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    with tempfile.TemporaryDirectory() as wheels:
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", wheels, str(ROOT)], check=True)
        [wheel] = Path(wheels).iterdir()
        subprocess.run([*pip, "install", "--no-compile", "--target", str(place), str(wheel)], check=True)
    for folder in ("bin", "share"):  # programs that name this machine's Python; manual pages that nobody would find
        shutil.rmtree(place / folder, ignore_errors=True)
    for name in MINE:
        for path in place.glob(f"*.dist-info/{name}"):
            path.unlink()


def pack(place: Path, out: Path) -> None:
    """Make one file of ``place``."""
    python = f"/usr/bin/env python{sys.version_info.major}.{sys.version_info.minor}"
    command = [sys.executable, "-m", "shiv", "--reproducible", "--python", python, "--root", HOME]
    command += ["--entry-point", "tachograph.cli:main", "--preamble", str(PREAMBLE)]
    command += ["--site-packages", str(place), "--output-file", str(out)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def main() -> int:
    """Make the file and say how large it is."""
    out = Path(sys.argv[1]).resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "site-packages"
        gather(place)
        pack(place, out)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, for Python {sys.version_info.major}.{sys.version_info.minor}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
