"""A web server of ours as a process of its own, and the CPU it and its database use."""

import base64
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.databases import Database
from tests.conftest import TEST_KEY

PORT = 18080
PUBLIC_URL = f"http://127.0.0.1:{PORT}"
WARM_UP = 30


@dataclass(frozen=True)
class Cost:
    """What one operation takes."""

    what: str
    milliseconds: float


class Meter:
    """CPU seconds, user and system, of some processes and all they started."""

    def __init__(self, database: Database, *pids: int) -> None:
        roots = [psutil.Process(pid) for pid in pids]
        self.roots = [*roots, database.server] if database.server else roots
        self.ended: dict[int, float] = {}

    def seconds(self) -> float:
        """What they have used so far; those that have ended count on."""
        seen: dict[int, float] = {}
        for root in self.roots:
            for process in [root, *root.children(recursive=True)]:
                times = process.cpu_times()
                seen[process.pid] = times.user + times.system
        self.ended.update(seen)
        return sum(self.ended.values())


def environment(database: Database) -> dict[str, str]:
    """What our processes are told."""
    return {
        **os.environ,
        "DATABASE_URL": database.url,
        "OBSERVATORY_PUBLIC_URL": PUBLIC_URL,
        "OBSERVATORY_SECRET_KEYS": "t1:" + base64.urlsafe_b64encode(TEST_KEY).decode(),
        "OBSERVATORY_LOG_LEVEL": "WARNING",
    }


@contextmanager
def serving(target: str, database: Database, folder: Path) -> Iterator[int]:
    """Serve `module:factory` with one process; gives its pid."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--workers", "1"]
    command += ["--blocking-threads", "8", "--host", "127.0.0.1", "--port", str(PORT), "--no-ws", target]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment(database), stdout=log, stderr=log)
        try:
            _wait(process)
            yield process.pid
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def working(database: Database, folder: Path) -> Iterator[int]:
    """A worker; gives its pid."""
    with (folder / "worker.log").open("ab") as log:
        command = [sys.executable, "-m", "app", "worker"]
        process = subprocess.Popen(command, env=environment(database), stdout=log, stderr=log)
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait(20)


def _wait(process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            httpx.get(f"{PUBLIC_URL}/healthz", timeout=1, trust_env=False)
            return
        except httpx.TransportError:
            assert process.poll() is None, "the server ended"
            time.sleep(0.05)
    raise TimeoutError("the server does not answer")


def measure(what: str, meter: Meter, once: Callable[[], None], count: int, rounds: int) -> Cost:
    """The median over rounds of the CPU that one call of `once` takes."""
    for _ in range(WARM_UP):
        once()
    figures = []
    for _ in range(rounds):
        before = meter.seconds()
        for _ in range(count):
            once()
        figures.append((meter.seconds() - before) / count * 1000)
    return Cost(what, statistics.median(figures))
