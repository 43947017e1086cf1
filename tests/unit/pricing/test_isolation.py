"""The price library stays unloaded until it is needed, and no socket is ever opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import tachograph

RECORD = """
import msgspec, sys
from tachograph.model.rates import *
from tachograph.model.usage import Usage
from tachograph.pricing import *
rates = Rates("anthropic", "made-up", (Tier(0, 1, 1, 1, 1, 1),))
known = [ResolvedRates("anthropic", "claude-opus-5", "standard", 0, 10**15, rates, snapshot_version())]
book = PriceBook(read_overrides({"mine": {"input": 1}}), known)
assert book.price("anthropic", "claude-opus-5", 5, "standard", Usage(input=3)).total == 3
assert book.price("any", "mine", 5, "standard", Usage(input=3)).total == 3_000_000
assert book.fingerprint
"""


def run_python(code: str) -> str:
    """Run in a fresh interpreter and return what it printed."""
    root = str(Path(tachograph.__file__).parent.parent)
    setup = f"import sys; sys.path.insert(0, {root!r})\n"
    done = subprocess.run([sys.executable, "-c", setup + code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "[name for name in ('genai_prices', 'pydantic', 'httpx2', 'importlib.metadata') if name in sys.modules]"
    assert run_python(f"import tachograph.pricing\nprint({heavy})") == "[]"


def test_known_records_and_user_prices_need_no_price_library() -> None:
    assert run_python(RECORD + "print('genai_prices' in sys.modules)") == "False"


def test_an_unknown_record_loads_it() -> None:
    asks = "book.rates('anthropic', 'claude-opus-4-8', 5)\n"
    assert run_python(RECORD + asks + "print('genai_prices' in sys.modules)") == "True"


def test_resolving_opens_no_socket() -> None:
    guard = """
def refuse(event, arguments):
    if event.startswith(("socket.", "urllib.", "http.")):
        raise RuntimeError(event)
sys.addaudithook(refuse)
from tachograph.pricing import resolve
print(resolve("anthropic", "claude-opus-5", 1_790_000_000_000).rates.tiers[0].input)
try:
    import socket
    socket.socket()
except RuntimeError as error:
    print(error)
"""
    assert run_python(guard).splitlines() == ["5000000", "socket.__new__"]


def test_prices_that_the_process_downloaded_elsewhere_are_not_used() -> None:
    elsewhere = """
from genai_prices.data_snapshot import DataSnapshot, set_custom_snapshot
set_custom_snapshot(DataSnapshot(providers=[], from_auto_update=True))
from tachograph.pricing import resolve
print(resolve("anthropic", "claude-opus-5", 0).rates is not None)
"""
    assert run_python(elsewhere) == "True"
