"""Whose a connection is, where the system tells: other users of this machine can reach a port on loopback, too."""

from __future__ import annotations

import os
from pathlib import Path

CONNECTIONS = Path("/proc/net/tcp")
"""Linux's list of connections over IPv4; each has two lines here, one for each of its ends."""
_LOCAL, _REMOTE, _USER = 1, 2, 7
"""Columns of it."""
_LOOPBACK = "0100007F"
"""127.0.0.1 as it stands there, on a machine with the usual order of bytes."""


def is_of_another_user(client: int, server: int) -> bool:
    """Whether the connection from port ``client`` to ``server``, ours, was made by another user than this one.

    A code stands for a moment on the browser's command line when ``--open`` opens it, which all users can list. Root is
    nobody else: it may read our files anyway, and forwards connections. Where the system does not tell: no.
    """
    if os.name != "posix":
        return False
    ends = [f"{_LOOPBACK}:{port:04X}" for port in (client, server)]
    try:
        lines = CONNECTIONS.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    users = [fields[_USER] for fields in map(str.split, lines) if fields[_LOCAL : _REMOTE + 1] == ends]
    return any(user not in ("0", str(os.geteuid())) for user in users)
