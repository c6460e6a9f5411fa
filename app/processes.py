"""Processes that belong to another and never outlive it."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # prctl(2)
LAST_WORDS = 15  # lines


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel end this process when its parent is gone, however that went. Linux only."""
    if sys.platform != "linux":
        return
    parent = os.getppid() if parent is None else parent
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # nobody is left to wait for a slow end
    if os.getppid() != parent:
        os._exit(1)  # it was gone before the kernel knew


def in_use(host: str, port: int) -> bool:
    """Whether somebody listens there already; a server that shares ports would not notice."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Child:
    """A program started by this one, in a group of its own with whatever it starts, and its output."""

    name: str
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def ended(self) -> bool:
        """Whether it runs no more."""
        return self.process.poll() is not None

    def last_words(self) -> str:
        """The end of what it printed."""
        lines = self.output.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LAST_WORDS:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to all it started."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


def start(name: str, command: Sequence[str], environment: Mapping[str, str], output: Path) -> Child:
    """Start a program that ends when this process does; its output goes to a file."""
    parent = os.getpid()
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in order
            preexec_fn=lambda: die_with_parent(parent),
        )
    return Child(name, process, output)


def stop(children: Sequence[Child], patience: float = 5) -> None:
    """Stop them and all they started: ask, wait a little, insist."""
    for child in reversed(children):
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + patience
    for child in reversed(children):
        try:
            child.process.wait(max(deadline - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            continue
    for child in children:
        child.signal(signal.SIGKILL)
        child.process.wait()
