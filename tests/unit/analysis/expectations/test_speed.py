"""Five thousand calls, every key."""

from __future__ import annotations

import time

from tachograph.analysis.expectations import read_expectations, run_checks
from tests.builders.recording import recording_of
from tests.builders.session import SessionScript
from tests.unit.analysis.expectations.test_properties import ALL_KEYS


def test_a_large_session_is_checked_in_a_second_and_a_half() -> None:
    script = SessionScript().prompt()
    inputs: dict[str, object] = {}
    for number in range(5_000):
        kind = number % 5
        if kind < 2:
            script.call(command=f"cd site{number} && pytest -q tests/{number} | tail -5 > out{number}.log", exit_code=0)
        elif kind == 2:
            script.call("Read", "read", path=f"/home/ada/src/a{number}.py", file_op="read")
        elif kind == 3:
            inputs[f"c{script.position}"] = {"file_path": "a", "old": "line of text\n" * 20, "new": "other\n" * 20}
            script.call("Edit", "edit", path=f"/home/ada/src/a{number}.py", file_op="modify")
        else:
            script.call("mcp__db__run", "mcp:db")
        script.at(script.seconds + 1)
    recording = recording_of(script.response(input=1).done(cwds=("/home/ada",)), inputs=inputs)
    expectations = read_expectations(ALL_KEYS)
    start = time.process_time()
    results = run_checks(expectations, recording)
    spent = time.process_time() - start
    assert len(results) == len(ALL_KEYS)
    assert spent < 1.5, spent
