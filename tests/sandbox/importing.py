"""A school whose courses have SIS ids, and imports that are finished when they are handed back."""

import io
import zipfile
from typing import Any

from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import A, B, small_world

IMPORTS = "/accounts/1/sis_imports"
ADMIN = "tok-admin"


def school(**settings: Any) -> dict[str, Any]:
    """The small world; MATHS has the SIS id `maths` and the sections `maths-a` and `maths-b`."""
    world = small_world() | {"settings": settings}
    world["courses"][0] |= {"sis_course_id": "maths"}
    world["courses"][0]["sections"] = [
        {"id": A, "name": "A", "sis_section_id": "maths-a"},
        {"id": B, "name": "B", "sis_section_id": "maths-b"},
    ]
    world["courses"][1] |= {"sis_course_id": "draft"}
    return world


def csv(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def zipped(**files: str | bytes) -> bytes:
    """A zip of files; `users` is called users.csv, names with a dot stay as they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name if "." in name else f"{name}.csv", text)
    return content.getvalue()


def send(
    canvas: Sandbox, content: str | bytes, name: str = "file.csv", token: str = ADMIN, **data: Any
) -> dict[str, Any]:
    """Upload a file as a multipart form; the import as it was taken in."""
    answer = canvas.api("POST", IMPORTS, token, files={"attachment": (name, content)}, data=data)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def settle(canvas: Sandbox, **steering: Any) -> None:
    """Wait until no import moves any more."""
    answer = canvas.call("POST", "/_sandbox/sis", json={"wait": True, **steering}, timeout=120)
    assert answer.status_code == 200, answer.text


def imported(canvas: Sandbox, content: str | bytes, name: str = "file.csv", **data: Any) -> dict[str, Any]:
    """Upload a file and wait; the finished import."""
    batch = send(canvas, content, name, **data)
    settle(canvas)
    found: dict[str, Any] = canvas.get(f"{IMPORTS}/{batch['id']}", "tok-admin")
    return found


def said(batch: dict[str, Any]) -> list[str]:
    """The warnings of an import."""
    return [message for _, message in batch.get("processing_warnings", [])]
