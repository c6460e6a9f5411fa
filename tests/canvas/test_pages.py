"""Lists of many pages, and servers that make them up."""

from dataclasses import replace

import pytest

from app.canvas import Canvas, observees
from app.errors import CanvasNonsense
from tests.canvas.remote import Remote, Reply, Seen
from tests.facts import fact

PATH = "/api/v1/users/10/observees"


def page(number: int, link: str = "") -> Reply:
    mia = {"id": number, "name": f"Mia {number}", "observation_link_root_account_ids": [1]}
    return Reply(data=[mia], headers={"Link": link} if link else {})


@fact("rest 0", "A list goes on at `rel=next`, word for word: bookmarks are opaque.")
@fact("lti 8", "100 rows a page is the most; the next page's address comes in the Link header.")
def test_every_page_is_read_word_for_word(canvas: Canvas, remote: Remote) -> None:
    bookmark = "page=bookmark:WyJIb2xtLCBNaWEiLDQxXQ&per_page=100&Odd=%7B%2fx"
    links = (
        f'<{remote.url}{PATH}?page=first>; rel="current",<{remote.url}{PATH}?{bookmark}>; rel="next",'
        f'<{remote.url}{PATH}?page=first>; rel="first"'
    )
    remote.says(page(1, links), page(2))
    assert [user.id for user in observees.list_observees(canvas, "10")] == ["1", "2"]
    assert remote.seen[0].query == {"per_page": ["100"]}
    assert remote.seen[1].target == f"{PATH}?{bookmark}"


@fact("lti 8", "The case of a header's name does not matter.")
def test_the_header_may_be_in_small_letters_and_relative(canvas: Canvas, remote: Remote) -> None:
    first = page(1)
    remote.says(replace(first, headers={"link": f"<{PATH}?page=2>; rel=next"}), page(2))
    assert len(observees.list_observees(canvas, "10")) == 2


@pytest.mark.parametrize(
    "foreign",
    [
        "http://localhost:1/api/v1/users/10/observees?page=2",
        "https://127.0.0.1/api/v1/users/10/observees",
        "//evil.test/x",
        "ftp://127.0.0.1/x",
        "http://[::1",
        "http://127.0.0.1:99999/x",
    ],
)
def test_the_token_goes_to_no_other_server(canvas: Canvas, remote: Remote, foreign: str) -> None:
    remote.says(page(1, f'<{foreign}>; rel="next"'))
    with pytest.raises(CanvasNonsense):
        observees.list_observees(canvas, "10")
    assert len(remote.seen) == 1


def test_a_user_name_in_the_address_is_another_server(canvas: Canvas, remote: Remote) -> None:
    host = remote.url.removeprefix("http://")
    remote.says(page(1, f'<http://{host}@evil.test/x>; rel="next"'))
    with pytest.raises(CanvasNonsense):
        observees.list_observees(canvas, "10")


def test_pages_without_end_are_an_error(canvas: Canvas, remote: Remote) -> None:
    def endless(seen: Seen) -> Reply:
        number = int(seen.query.get("page", ["1"])[0]) + 1
        return page(number, f'<{remote.url}{PATH}?page={number}>; rel="next"')

    remote.answer = endless
    with pytest.raises(CanvasNonsense, match="more than 7 pages"):
        observees.list_observees(replace(canvas, page_ceiling=7), "10")
    assert len(remote.seen) <= 8


@pytest.mark.parametrize("data", [{}, None, "x", [1], [None], [[]], {"errors": []}])
def test_a_page_that_is_no_list_of_objects_is_nonsense(canvas: Canvas, remote: Remote, data: object) -> None:
    remote.says(Reply(data=data))
    with pytest.raises(CanvasNonsense):
        observees.list_observees(canvas, "10")


def test_an_empty_list_is_a_list(canvas: Canvas, remote: Remote) -> None:
    remote.says(Reply(data=[], headers={"Link": "nonsense; <>;;"}))
    assert observees.list_observees(canvas, "10") == []
