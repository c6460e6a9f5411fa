"""One request to a Canvas: no redirect is followed, nothing large is read, and nobody is waited for long."""

import time
from collections.abc import Mapping
from datetime import timedelta

import requests

LARGEST = 256 * 1024  # bytes


def fetch(
    url: str,
    timeout: timedelta,
    *,
    bearer: str | None = None,
    body: Mapping[str, object] | None = None,
) -> bytes:
    """What is behind an address, or what it answers to a JSON body; within the time-out as a whole.

    A slow drip counts as no answer. Raises ValueError or requests.RequestException.
    """
    seconds = timeout.total_seconds()
    until = time.monotonic() + seconds
    with requests.request(
        "GET" if body is None else "POST",
        url,
        json=body,
        headers={"Accept": "application/json"},
        auth=lambda request: _bear(request, bearer),
        timeout=seconds,
        stream=True,
        allow_redirects=False,
    ) as answer:
        if answer.status_code not in (requests.codes.ok, requests.codes.created):
            raise ValueError(f"status {answer.status_code}")
        read = b""
        for part in answer.iter_content(4096):
            read += part
            if len(read) > LARGEST or time.monotonic() > until:
                raise ValueError("too long, or too slow")
    return read


def _bear(request: requests.PreparedRequest, token: str | None) -> requests.PreparedRequest:
    """Our own authorization or none: what a .netrc of the server's says is not for Canvas."""
    if token is not None:
        request.headers["Authorization"] = f"Bearer {token}"
    return request
