"""Make the picture in README.md: the dashboard's overview of the demo history. ``python tools/make_screenshot.py``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

TARGET = Path(__file__).resolve().parent.parent / "docs" / "images" / "overview.png"
LAST_DAY = date(2026, 11, 2)
"""The demo's history ends on the evening before."""


def main() -> None:
    """Serve the demo, look at it, and keep what is seen."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"HOME": folder, "TACHO_DATA_DIR": str(make_demo(Path(folder))), "TZ": "UTC"}
        command = [sys.executable, "-m", "tachograph", "serve", "--port", "0", "--json"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as server, sync_playwright() as driver:
            assert server.stdout is not None
            url = json.loads(b"".join(iter(server.stdout.readline, b"}\n")) + b"}")["url"]
            browser = driver.chromium.launch(
                executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 860}, device_scale_factor=1)
            page.goto(url)
            page.goto(f"http://{urlsplit(url).netloc}/?from=2026-10-06&to=2026-10-18")
            page.wait_for_timeout(1000)
            TARGET.parent.mkdir(exist_ok=True)
            page.screenshot(path=TARGET)
            browser.close()
            server.terminate()
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")


def make_demo(home: Path) -> Path:
    """The demo's data folder."""
    os.environ["TACHO_DATA_DIR"] = str(home / "data")
    from tachograph.app.demo import open_demo

    return open_demo(LAST_DAY).folder


if __name__ == "__main__":
    main()
