"""The SIS Import page of an account."""

import pytest

from tests.sandbox.importing import csv, school, settle, zipped
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import ADMIN, MIA, SUB_ADMIN

PAGE = "/accounts/1/sis_import"
ROWS = csv("observer_id,student_id,status", "sis-parent,sis-mia,active", "sis-parent,sis-mia,deleted", ",,")


@pytest.fixture
def canvas(sandbox: Sandbox) -> Sandbox:
    """The school in the browser of its administrator."""
    sandbox.use(school())
    become(sandbox, ADMIN)
    return sandbox


def become(canvas: Sandbox, user_id: int) -> None:
    canvas.http.cookies.clear()
    canvas.call("POST", "/login/canvas", data={"user_id": user_id})


def upload(canvas: Sandbox, content: str | bytes, name: str = "links.csv", **data: str) -> str:
    answer = canvas.call("POST", PAGE, files={"attachment": (name, content)}, data=data)
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    return canvas.call("GET", PAGE).text


def test_an_account_leads_to_its_sis_imports(canvas: Sandbox) -> None:
    assert f'href="{PAGE}"' in canvas.call("GET", "/accounts/1").text
    page = canvas.call("GET", PAGE).text
    assert 'type="file"' in page
    assert 'http-equiv="refresh"' not in page


def test_the_page_follows_an_import_to_its_end(canvas: Sandbox) -> None:
    settle(canvas, hold_after=2)
    upload(canvas, ROWS, skip_deletes="1")
    settle(canvas)
    page = canvas.call("GET", PAGE).text
    assert 'http-equiv="refresh"' in page
    assert '<progress max="100" value="66">' in page
    settle(canvas, hold_after=None)
    page = canvas.call("GET", PAGE).text
    assert "imported_with_messages" in page
    assert "No observer_id given for a user observer" in page
    assert "<dt>User observers</dt><dd>1</dd>" in page
    assert 'http-equiv="refresh"' not in page
    link = page.partition('href="/files/')[2].partition('"')[0]
    assert canvas.call("GET", f"/files/{link}").text.startswith("sis_import_id,file,message,row")


def test_the_page_keeps_a_history(canvas: Sandbox) -> None:
    upload(canvas, ROWS)
    settle(canvas)
    upload(canvas, zipped(x="a,b\n"), "night.zip")
    settle(canvas)
    page = canvas.call("GET", PAGE).text
    assert "Failed: a file could not be read" in page
    history = page.partition("<h2>Other imports</h2>")[2]
    assert "1: links.csv" in history
    assert "Imported, with messages about some rows" in history


def test_an_import_can_be_stopped_on_the_page(canvas: Sandbox) -> None:
    settle(canvas, hold=True)
    upload(canvas, ROWS)
    answer = canvas.call("POST", f"{PAGE}/1/abort")
    assert answer.status_code == 302
    assert "Stopped" in canvas.call("GET", PAGE).text
    assert canvas.call("POST", f"{PAGE}/9/abort").status_code == 404


def test_the_page_asks_for_a_file(canvas: Sandbox) -> None:
    answer = canvas.call("POST", PAGE, data={"skip_deletes": "1"})
    assert answer.status_code == 400
    assert "Choose a file first." in answer.text
    assert canvas.state()["sis_imports"] == []


def test_only_those_who_may_import_see_the_page(canvas: Sandbox) -> None:
    assert canvas.call("GET", "/accounts/2/sis_import").status_code == 404
    for user_id in (MIA, SUB_ADMIN):
        become(canvas, user_id)
        assert canvas.call("GET", PAGE).status_code == 403
        assert canvas.call("POST", PAGE, files={"attachment": ("x.csv", ROWS)}).status_code == 403
