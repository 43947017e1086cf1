"""Five thousand calls, every key."""

from __future__ import annotations

from itertools import count

from tachograph.analysis.expectations import Recording, read_expectations, run_checks
from tests.builders.recording import recording_of
from tests.builders.session import SessionScript
from tests.effort import takes_at_most
from tests.unit.analysis.expectations.test_properties import ALL_KEYS

_times = count()


def large_session() -> Recording:
    """Its commands are none of those of the one before: some are examined once in a process."""
    script, time = SessionScript().prompt(), next(_times)
    inputs: dict[str, object] = {}
    for number in range(5_000):
        kind = number % 5
        if kind < 2:
            command = f"cd site{time}/{number} && pytest -q tests/{number} | tail -5 > out{number}.log"
            script.call(command=command, exit_code=0)
        elif kind == 2:
            script.call("Read", "read", path=f"/home/ada/src/a{number}.py", file_op="read")
        elif kind == 3:
            inputs[f"c{script.position}"] = {"file_path": "a", "old": "line of text\n" * 20, "new": "other\n" * 20}
            script.call("Edit", "edit", path=f"/home/ada/src/a{number}.py", file_op="modify")
        else:
            script.call("mcp__db__run", "mcp:db")
        script.at(script.seconds + 1)
    return recording_of(script.response(input=1).done(cwds=("/home/ada",)), inputs=inputs)


def test_a_large_session_is_checked_in_a_second_and_a_half() -> None:
    expectations = read_expectations(ALL_KEYS)
    assert len(takes_at_most(1.5, lambda: run_checks(expectations, large_session()))) == len(ALL_KEYS)
