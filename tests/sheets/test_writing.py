"""Files that are written: for people, and for Canvas."""

import pytest

from app.sheets import writing
from app.sheets.troubles import Refused, Trouble


def test_a_file_for_people_opens_in_a_spreadsheet_without_running_anything() -> None:
    rows = [["=HYPERLINK(1)", "+1", "-2", "@x", "\tx", "\rx", "＝1", "a=b", "a,b"]]

    written = b"".join(writing.for_people(["Name"], rows)).decode()

    assert written == ("\ufeffName\r\n'=HYPERLINK(1),'+1,'-2,'@x,'\tx,\"'\rx\",'＝1,a=b,\"a,b\"\r\n")


def test_a_file_for_canvas_has_every_value_as_it_is() -> None:
    written = b"".join(writing.for_canvas(["user_id", "full_name"], [["U1", "=Ann"], ["U2", 'Ann "A" Doe']]))

    assert written == b'user_id,full_name\r\nU1,=Ann\r\nU2,"Ann ""A"" Doe"\r\n'


@pytest.mark.parametrize(("value", "trouble"), [("a\0b", Trouble.NUL), ("\ud800", Trouble.ENCODING)])
def test_what_no_file_can_hold_is_refused_with_its_row(value: str, trouble: Trouble) -> None:
    for write in (writing.for_people, writing.for_canvas):
        with pytest.raises(Refused) as caught:
            list(write(["a"], [["fine"], [value]]))

        assert (caught.value.trouble, caught.value.facts["row"]) == (trouble, 3)
