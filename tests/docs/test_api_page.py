"""The example of docs/api.md works as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.history import write_hard_history

PAGE = (Path(__file__).parent.parent.parent / "docs" / "api.md").read_text("utf-8")


@pytest.mark.slow
def test_the_example_prints_the_overview(home: Path, tmp_path: Path) -> None:
    write_hard_history(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    environment = {
        **os.environ,
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "CODEX_HOME": str(tmp_path / "codex"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    subprocess.run([sys.executable, "-m", "tachograph", "ingest"], env=environment, check=True, capture_output=True)
    command = [sys.executable, "-m", "tachograph", "serve", "--port", "0", "--json", "--no-watch"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        while server.stdout.readline() != b"}\n":
            pass
        try:
            for _ in range(20):  # the sums may still be made
                done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
                if b"error" not in done.stdout[:40]:
                    break
        finally:
            server.terminate()
    shown = eval(done.stdout, {})
    assert shown["schema"] == "tachograph.page_overview/1"
    assert json.dumps(shown)
