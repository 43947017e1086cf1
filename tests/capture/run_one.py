"""`python run_one.py FILE SECONDS|- COMMAND…`: run a command as `tacho run` does, and write how it ended to FILE."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import msgspec

from tachograph.capture import job
from tachograph.capture.running import repeat_interrupt, run_command

if "GRACE_S" in os.environ:
    job._GRACE_S = float(os.environ["GRACE_S"])
finished = run_command(sys.argv[3:], None if sys.argv[2] == "-" else float(sys.argv[2]))
peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unfinished = Path(sys.argv[1] + ".new")
unfinished.write_bytes(msgspec.json.encode({**msgspec.structs.asdict(finished), "peak_kb": peak_kb}))
unfinished.rename(sys.argv[1])
repeat_interrupt(finished)
sys.exit(finished.exit_code)
