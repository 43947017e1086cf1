"""The benchmark runs to its end, also where there are no real logs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_benchmark_measures_everything_on_the_demos_logs(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "tools" / "bench.py", "--source", tmp_path / "none", "--json"]
    output = subprocess.run(
        [*command, "--size", "2", "--files", "20", "--times", "1"], capture_output=True, check=True
    ).stdout
    results = json.loads(output)
    assert results["cold ingestion"]["MB per CPU second"] > 0
    assert results["check, all logs"]["MB per CPU second"] > 0
    assert {
        "check, 4 MB",
        "check, 4 MB, priced",
        "store",
        "unchanged",
        "one session grown",
        "--version",
        "cost --no-ingest",
    } <= results.keys()
