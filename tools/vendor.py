"""Fetch the vendored files of the dashboard from npm, with their licences, and write down what they are.

python tools/vendor.py           fetches what PARCELS names and rewrites static/ and vendor.toml
"""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent.parent / "src" / "tachograph" / "report" / "html" / "static"


@dataclass(frozen=True)
class Parcel:
    """One package of npm: which of its files are taken, and under which name."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PARCELS = [
    Parcel("htmx.org", "2.0.11", "0BSD", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENSE.txt"}),
    Parcel(
        "idiomorph",
        "0.8.0",
        "0BSD",
        {"dist/idiomorph.min.js": "idiomorph.min.js", "LICENSE": "idiomorph.LICENSE.txt"},
    ),
    Parcel(
        "uplot",
        "1.6.32",
        "MIT",
        {
            "dist/uPlot.iife.min.js": "uPlot.iife.min.js",
            "dist/uPlot.min.css": "uPlot.min.css",
            "LICENSE": "uPlot.LICENSE.txt",
        },
    ),
]


def fetch(parcel: Parcel, folder: Path) -> dict[str, bytes]:
    """Name -> content of the files taken from one package."""
    subprocess.run(["npm", "pack", "--silent", f"{parcel.name}@{parcel.version}"], cwd=folder, check=True)
    with tarfile.open(next(folder.glob(f"{parcel.name}-{parcel.version}.tgz"))) as archive:
        found = {}
        for path, name in parcel.files.items():
            member = archive.extractfile(f"package/{path}")
            assert member is not None, path
            found[name] = member.read()
        return found


def describe(parcel: Parcel, contents: dict[str, bytes]) -> str:
    """The package's entry of vendor.toml."""
    hashes = "".join(f'"{name}" = "{hashlib.sha256(contents[name]).hexdigest()}"\n' for name in sorted(contents))
    head = f'name = "{parcel.name}"\nversion = "{parcel.version}"\nlicence = "{parcel.licence}"\n'
    return f"[[package]]\n{head}\n[package.files] # sha256\n{hashes}"


def main() -> None:
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        for parcel in PARCELS:
            contents = fetch(parcel, Path(folder))
            for name, content in contents.items():
                (STATIC / name).write_bytes(content)
            entries.append(describe(parcel, contents))
    head = "# Made by tools/vendor.py: what comes from npm, byte for byte.\n\n"
    (STATIC / "vendor.toml").write_text(head + "\n".join(entries), encoding="utf-8")


if __name__ == "__main__":
    main()
