"""A network that keeps one deadline for a whole request.

httpx limits the wait for each piece of an answer; a server that sends a byte now and then can hold a
request forever. Here every wait ends when the request's time is up. Looking up a host name is left out:
the operating system gives no way to stop it.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_until: ContextVar[float] = ContextVar("until")  # by time.monotonic()


@contextmanager
def deadline(until: float) -> Iterator[None]:
    """Let no wait on the network of this thread end later than this (by the monotonic clock)."""
    token = _until.set(until)
    try:
        yield
    finally:
        _until.reset(token)


def _at_most(timeout: float | None) -> float:
    left = _until.get() - time.monotonic()
    if left <= 0:
        raise httpcore.TimeoutException("the request's time is up")
    return left if timeout is None else min(timeout, left)


class PunctualStream(httpcore.NetworkStream):
    """A connection whose reads and writes end at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes."""
        return self._stream.read(max_bytes, _at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send the bytes."""
        self._stream.write(buffer, _at_most(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted."""
        return PunctualStream(self._stream.start_tls(ssl_context, server_hostname, _at_most(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """What the connection tells of itself."""
        return self._stream.get_extra_info(info)


class PunctualNetwork(httpcore.SyncBackend):
    """The operating system's network, with connections that end at the deadline."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect."""
        return PunctualStream(
            super().connect_tcp(host, port, _at_most(timeout), local_address, socket_options)
        )


def make_punctual(client: httpx.Client) -> httpx.Client:
    """Give a client, and the proxies it found in the environment, the punctual network.

    httpx passes no network through to httpcore, so its pools are reached into; a test with a server
    that drips its headers tells when a new version keeps them elsewhere.
    """
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = PunctualNetwork()
    return client
