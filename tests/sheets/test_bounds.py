"""A district's files, in memory that does not grow with them.

Each is read in a process of its own, whose peak is known without slowing it down.
"""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.sheets import writing
from tests.sheets.files import HEADER, workbook
from tests.sheets.test_hostile import MB

ROWS = 100_000
READ = """
import resource, sys
from pathlib import Path
from app.sheets import pairs
from app.sheets.columns import guess
from app.sheets.recognizing import open_file
from app.sheets.troubles import Limits, Refused

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before, told = peak(), ""
try:
    (table,) = open_file(Path(sys.argv[1]), limits=Limits(zip_ratio=10_000)).tables
    told = sum(1 for _ in pairs.pairs(table.rows(), guess(table)))
except Refused as refused:
    told = refused.trouble
print(told, peak() - before)
"""


def reading(path: Path) -> tuple[str, int]:
    """What comes of it, and how many megabytes it takes at most."""
    done = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, text=True, check=True)
    told, megabytes = done.stdout.split()
    return told, int(megabytes)


@pytest.mark.slow
def test_a_hundred_thousand_rows_of_text_need_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as out:
        out.writelines(writing.for_people(HEADER, ([f"parent{n}@example.org", f"S{n}"] for n in range(ROWS))))

    told, megabytes = reading(path)

    assert told == str(ROWS)
    assert megabytes < 10


@pytest.mark.slow
def test_a_hundred_thousand_rows_of_a_workbook_need_bounded_memory(tmp_path: Path) -> None:
    rows = ((f"parent{n}@example.org", f"S{n}") for n in range(ROWS))
    path = workbook(tmp_path / "a.xlsx", One=[HEADER, *rows])

    told, megabytes = reading(path)

    assert told == str(ROWS)
    assert megabytes < 120


@pytest.mark.slow
def test_a_line_that_fills_a_zip_is_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as out:
        for _ in range(250):
            out.write(b"a" * MB)

    told, megabytes = reading(path)

    assert told == "long_line"
    assert megabytes < 10
