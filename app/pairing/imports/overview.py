"""An import as a page shows it: in numbers, and row by row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.models import Import, ImportRoad, ImportRow, ImportState, RowKind, RowState
from app.pairing.imports import crowding, files
from app.pairing.imports.verdicts import ASKS, DOES, NOTHING, PROBLEMS, Verdict

PAGE = 50
MANY = 300  # links from which on Canvas's own importer is the better road
LISTED = 20
UNWRITTEN = "unwritten"  # rows that Canvas's files cannot say
WARNED = "warned"  # rows that were done, but of which Canvas's importer said something
S = ImportState


def imports(session: Session, institution_id: int) -> Sequence[Import]:
    """The latest imports of an institution."""
    return session.scalars(
        select(Import)
        .where(Import.institution_id == institution_id)
        .options(joinedload(Import.person))
        .order_by(Import.created_at.desc(), Import.id.desc())
        .limit(LISTED)
    ).all()


@dataclass(frozen=True, slots=True)
class Preview:
    """How many rows have which verdict, and how much of it Canvas's files can hold."""

    counts: Mapping[str, int]
    by_sis: int  # connections that they can hold
    unwritten: int  # rows that they cannot hold as a whole
    crowded: int  # students who would have more observers than the policy allows

    def of(self, group: frozenset[Verdict]) -> list[tuple[Verdict, int]]:
        """The verdicts of a group that occur, in the order of the table."""
        return [(one, self.counts[one]) for one in Verdict if one in group and self.counts.get(one)]

    @property
    def groups(self) -> dict[str, list[tuple[Verdict, int]]]:
        """Everything that occurs, by what follows from it."""
        named = {"does": DOES, "asks": ASKS, "problems": PROBLEMS, "nothing": NOTHING}
        return {name: self.of(group) for name, group in named.items()}

    @property
    def doing(self) -> int:
        """Rows something will be done about."""
        return sum(count for _, count in self.of(DOES))

    def proposed(self, rights: Mapping[str, str]) -> ImportRoad:
        """The better road: Canvas's importer for many, if it may be used and most rows can be told to it."""
        many = self.by_sis >= MANY and self.by_sis * 2 > self.doing
        return ImportRoad.SIS if many and "sis" not in rights else ImportRoad.API


def preview(session: Session, of: Import) -> Preview:
    """The numbers of a preview."""

    def count(which: ColumnElement[bool]) -> int:
        asked = select(func.count()).select_from(ImportRow).where(ImportRow.import_id == of.id, which)
        return session.scalars(asked).one()

    found = _counts(session, of.id)
    return Preview(found, count(_in_files()), count(_not_in_files()), crowding.crowded(session, of))


def _in_files() -> ColumnElement[bool]:
    """The connections that Canvas's files can say: whoever and whatever is in them has an SIS id."""
    told = ImportRow.before
    return and_(
        ImportRow.verdict.in_(files.LINKING),
        ImportRow.kind == RowKind.PAIR,
        files.may_be_written(),
        told["student_sis"].as_string().isnot(None),
        or_(told["observer_sis"].as_string().isnot(None), ImportRow.observer_id.is_(None)),
        or_(ImportRow.course_id.is_(None), func.coalesce(told["places"].as_string(), "[]") != "[]"),
    )


def _not_in_files() -> ColumnElement[bool]:
    return and_(ImportRow.verdict.in_(DOES), ImportRow.kind == RowKind.PAIR, not_(_in_files()))


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an import, in numbers."""

    done: int
    accounts: int
    links: int
    ended: int
    failed: int
    undone: int
    kept: int
    left: int
    warned: int


def result(session: Session, of: Import) -> Result:
    """The numbers of a result."""

    def count(*which: ColumnElement[bool]) -> int:
        asked = select(func.count()).select_from(ImportRow).where(ImportRow.import_id == of.id, *which)
        return session.scalars(asked).one()

    return Result(
        done=count(ImportRow.state == RowState.DONE),
        accounts=count(ImportRow.made_account.is_(True)),
        links=count(ImportRow.made_link.is_(True)),
        ended=count(ImportRow.ended_link.is_(True)),
        failed=count(ImportRow.state == RowState.FAILED),
        undone=count(ImportRow.state == RowState.UNDONE),
        kept=count(ImportRow.state == RowState.KEPT),
        left=count(ImportRow.state == RowState.SEEN, ImportRow.verdict.in_(DOES)),
        warned=count(_warned()),
    )


def _warned() -> ColumnElement[bool]:
    return and_(ImportRow.state == RowState.DONE, ImportRow.said.isnot(None))


def _which(of: Import, show: str) -> ColumnElement[bool]:
    """The rows of a verdict, of "failed", "kept" or "warned", or those that the files cannot say."""
    if show == UNWRITTEN:
        return and_(ImportRow.import_id == of.id, _not_in_files())
    if show == WARNED:
        return and_(ImportRow.import_id == of.id, _warned())
    if show in (RowState.FAILED, RowState.KEPT):
        return and_(ImportRow.import_id == of.id, ImportRow.state == RowState(show))
    return and_(ImportRow.import_id == of.id, ImportRow.verdict == show)


def page(session: Session, of: Import, show: str, after: int) -> tuple[Sequence[ImportRow], int | None]:
    """Some rows of one kind, and after which the next ones come; None: these are the last."""
    found = session.scalars(
        select(ImportRow).where(_which(of, show), ImportRow.id > after).order_by(ImportRow.id).limit(PAGE + 1)
    ).all()
    return found[:PAGE], found[PAGE - 1].id if len(found) > PAGE else None


def problem_rows(of: Import) -> Iterator[ImportRow]:
    """The rows about which nothing can be done, or that failed; not those there is nothing to do about."""
    wrong = or_(ImportRow.verdict.in_([*PROBLEMS, *ASKS]), ImportRow.state == RowState.FAILED)
    return files.every_row(of, wrong)


def unwritten_rows(of: Import) -> Iterator[ImportRow]:
    """The rows that Canvas's files cannot say as a whole."""
    return files.every_row(of, _not_in_files())


def _counts(session: Session, import_id: int) -> dict[str, int]:
    """How many rows have each verdict."""
    found = session.execute(
        select(ImportRow.verdict, func.count())
        .where(ImportRow.import_id == import_id, ImportRow.verdict.isnot(None))
        .group_by(ImportRow.verdict)
    )
    return {str(verdict): count for verdict, count in found}
