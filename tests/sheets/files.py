"""Files for the tests: honest ones, and those made to do harm."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook

Rows = Iterable[Sequence[object]]
HEADER = ("Parent email", "Student ID")


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def workbook(path: Path, **sheets: Rows) -> Path:
    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def zipped(path: Path, **entries: str | bytes) -> Path:
    """A zip; two underscores in a name stand for a dot."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "."), content)
    return path


def tampered(path: Path, source: Path, **parts: bytes) -> Path:
    """A workbook with some of its parts replaced: "sheet1", "sharedStrings", "workbook"."""
    where = {
        "sheet1": "xl/worksheets/sheet1.xml",
        "sharedStrings": "xl/sharedStrings.xml",
        "workbook": "xl/workbook.xml",
    }
    replaced = {where[name]: content for name, content in parts.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, replaced.get(name) or old.read(name))
    return path


def sheet_xml(inside: str, before: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<?xml version="1.0"?>{before}<worksheet xmlns="{space}">{inside}</worksheet>'.encode()


def packed(**entries: bytes) -> bytes:
    """A zip as bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "."), content)
    return out.getvalue()
