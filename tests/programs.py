"""Running the programs themselves, as people do."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
SECRET_KEYS = "t1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OBSERVATORY = (sys.executable, "-m", "app")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with only these settings of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OBSERVATORY_", "DATABASE_URL"))
    }
    return {**kept, "OBSERVATORY_SECRET_KEYS": SECRET_KEYS, **settings}


def observatory(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        (*OBSERVATORY, *words),
        env=environment(**settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback addresses
            return True
    except OSError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """A program and all it has started."""
    return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]


def all_gone(processes: list[psutil.Process], seconds: float = 10) -> bool:
    _gone, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
