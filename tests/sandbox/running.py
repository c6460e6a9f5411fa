"""A sandbox in its own process, and a caller that speaks to it over HTTP."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx


class Sandbox:
    """A running sandbox. Calls name the person (or token) they are made as."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10, trust_env=False)

    def close(self) -> None:
        self.http.close()

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {**options.pop("headers", {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(method, path, headers=headers, **options)

    def api(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        return self.call(method, f"/api/v1{path}", token, **options)

    def get(self, path: str, token: str | None = None, **params: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.api("GET", path, token, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, token: str | None = None, **data: Any) -> httpx.Response:
        return self.api("POST", path, token, data=data)

    def put(self, path: str, token: str | None = None, **data: Any) -> httpx.Response:
        return self.api("PUT", path, token, data=data)

    def delete(self, path: str, token: str | None = None, **params: Any) -> httpx.Response:
        return self.api("DELETE", path, token, params=params)

    def use(self, world: dict[str, Any]) -> None:
        """Go on with this world."""
        answer = self.call("PUT", "/_sandbox/state", json=world)
        assert answer.status_code == 200, answer.text

    def state(self) -> dict[str, Any]:
        return self.call("GET", "/_sandbox/state").json()

    def log(self) -> list[dict[str, Any]]:
        return self.call("GET", "/_sandbox/log").json()

    def reset(self) -> None:
        self.call("POST", "/_sandbox/reset")

    def fault(self, **rule: Any) -> None:
        answer = self.call("POST", "/_sandbox/faults", json=[rule])
        assert answer.status_code == 200, answer.text

    def advance(self, seconds: float) -> None:
        self.call("POST", "/_sandbox/clock", json={"advance": seconds})

    def enrollments(self, user_id: int) -> list[tuple[int, str, int | None, str]]:
        """Section, short type, observed student and state of everything a person is enrolled in."""
        return [
            (
                row["section_id"],
                row["type"].removesuffix("Enrollment"),
                row["associated_user_id"],
                row["state"],
            )
            for row in self.state()["enrollments"]
            if row["user_id"] == user_id
        ]


@contextmanager
def running(*arguments: str) -> Iterator[Sandbox]:
    """Start `python -m sandbox` on a free port; stop it afterwards."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--quiet", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready = process.stdout.readline().split()
        assert ready[:1] == ["ready"], ready
        sandbox = Sandbox(ready[1])
        try:
            yield sandbox
        finally:
            sandbox.close()
            process.terminate()
            process.wait(10)
