"""Starting ``tacho learn`` beside the agent, which neither waits for it nor takes it down when it ends."""

import os
import sys
import time

from tachograph.hooks.places import FOLDER, LEARN_STARTED, append

_PAUSE_SECONDS = 5.0
"""Between two starts at the ends of subagents, of which many may end at once."""

# `-P`: the agent's folder is somebody's project, and a module in it is not ours.
_ARGUMENTS = ("-P", "-m", "tachograph", "learn", "--quiet")


def start_learning(data: str, named: str, *, always: bool) -> bool:
    """Start it in a session of its own, with no standard streams; return whether it was started.

    Without ``always`` not within 5 seconds after the last start. ``named`` is the data folder that the hook was
    given, if any.
    """
    marker = os.path.join(data, FOLDER, LEARN_STARTED)
    if not sys.executable or (not always and _is_fresh(marker)):
        return False
    try:
        os.utime(marker)
    except OSError:
        append(data, LEARN_STARTED, b"")
    environment = {**os.environ, "TACHO_DATA_DIR": data} if named else dict(os.environ)
    command = [sys.executable, *_ARGUMENTS]
    if os.name == "nt":
        _spawn_windows(command, environment)
    else:
        _spawn(command, environment)
    return True


def _is_fresh(marker: str) -> bool:
    try:
        return 0 <= time.time() - os.stat(marker).st_mtime < _PAUSE_SECONDS
    except OSError:
        return False


def _spawn(command: list[str], environment: dict[str, str]) -> None:
    null = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)]
    try:
        os.posix_spawn(command[0], command, environment, file_actions=null, setsid=True)
    except NotImplementedError:  # a system without that flag: a process group of its own has to do
        os.posix_spawn(command[0], command, environment, file_actions=null, setpgroup=0)


def _spawn_windows(command: list[str], environment: dict[str, str]) -> None:
    import subprocess

    detached = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    null = subprocess.DEVNULL
    subprocess.Popen(command, env=environment, stdin=null, stdout=null, stderr=null, creationflags=detached)
