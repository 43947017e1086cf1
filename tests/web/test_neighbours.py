"""Other users of the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tachograph.web import neighbours
from tachograph.web.neighbours import is_of_another_user

LINES = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0
   1: 0100007F:128B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 13 1 0 100 0 0 10 0
   2: 0100007F:C001 0100007F:128B 01 00000000:00000000 00:00000000 00000000  1000        0 14 1 0 20 4 30 10 -1
   3: 0100007F:C002 0100007F:128B 01 00000000:00000000 00:00000000 00000000  1001        0 15 1 0 20 4 30 10 -1
   4: 0100007F:128B 0100007F:C002 01 00000000:00000000 00:00000000 00000000  1000        0 16 1 0 20 4 30 10 -1
   5: 0100007F:C003 0100007F:128B 01 00000000:00000000 00:00000000 00000000     0        0 17 1 0 20 4 30 10 -1
   6: 0100007F:C004 0100007F:128C 01 00000000:00000000 00:00000000 00000000  1001        0 18 1 0 20 4 30 10 -1
   7: nonsense
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="users are told apart by their numbers there")


@pytest.mark.parametrize(
    ("client", "expected"),
    [(0xC001, False), (0xC002, True), (0xC003, False), (0xC004, False), (0xC005, False)],
    ids=["our own", "another user's", "root's", "to another server", "not told"],
)
def test_whose_a_connection_is(home: Path, monkeypatch: pytest.MonkeyPatch, client: int, expected: bool) -> None:
    (home / "tcp").write_text(LINES)
    monkeypatch.setattr(neighbours, "CONNECTIONS", home / "tcp")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert is_of_another_user(client, 4747) is expected


def test_where_the_system_does_not_tell_nobody_is_another(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "CONNECTIONS", home / "nothing")
    assert not is_of_another_user(0xC002, 4747)
    (home / "tcp").write_bytes(b"\xff\xfe\x00")
    monkeypatch.setattr(neighbours, "CONNECTIONS", home / "tcp")
    assert not is_of_another_user(0xC002, 4747)


CONNECT = """
import os, socket, sys
os.setuid(int(sys.argv[2]))
connection = socket.socket()  # whose it is, is settled here
connection.connect(("127.0.0.1", int(sys.argv[1])))
print(connection.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.skipif(not neighbours.CONNECTIONS.exists(), reason="the system does not tell")
@pytest.mark.parametrize(("user", "expected"), [(0, False), (12345, True)])
def test_whose_a_real_connection_is(user: int, expected: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-c", CONNECT, str(port), str(user)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            client = int(other.stdout.readline())
            assert is_of_another_user(client, port) is expected
            other.communicate("")
