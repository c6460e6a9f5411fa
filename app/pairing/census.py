"""Counting an institution's students and their observers in Canvas (app.pairing.walks).

One list of enrollments per course tells the students and whoever observes them there: of all-course links,
too, for these appear in every course.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import db
from app.errors import RETRYABLE, CanvasForbids, CanvasThrottled, Failure, ScopeMissing
from app.models import Census, Counting
from app.pairing import adding_up, looking, walks
from app.pairing.applying import Access, Clock
from app.pairing.walks import MOMENT, PATIENCE, Problem, note, stage_after

ALLOWED_LATER = (ScopeMissing, CanvasForbids)  # until then our own records are all there is to count


def begin(session: Session, institution_id: int, now: datetime) -> bool:
    """Promise a census. False: one is under way."""
    counts = dict.fromkeys(("looked", "skipped", "stumbles"), 0)
    place = {"stage": Counting.ACCOUNTS, "cursor": "", "only_ours": False}
    run = Census(institution_id=institution_id, begun_at=now, seen_at=now, **place, **counts)
    return walks.begin(session, run, "census")


def begin_due(session: Session, now: datetime) -> None:
    """Promise a census to every institution that is due one."""
    for institution_id in walks.due(session, Census, now):
        begin(session, institution_id, now)


def turn(run_id: int, access: Access, clock: Clock, lasting: timedelta) -> timedelta | None:
    """Count on for a while. How long to wait for the next turn; None: the census is over.

    Raises a retryable Failure when Canvas does not answer, so that the next turn waits longer and longer.
    """
    until = clock() + lasting
    while clock() < until:
        with db.reading() as session:
            run = session.get(Census, run_id)
        if run is None or run.ended_at is not None:
            return None
        try:
            _step(run, access, clock)
        except CanvasThrottled as full:
            note(run, clock())
            return full.wait
        except ALLOWED_LATER as refusal:
            one_course = isinstance(refusal, CanvasForbids) and run.stage is Counting.COURSES
            _skip_course(run, clock()) if one_course else _count_ours(run, clock())
        except RETRYABLE:
            if run.stumbles + 1 < PATIENCE or run.stage is not Counting.COURSES:
                note(run, clock(), stumbles=run.stumbles + 1, problem=Problem.CANVAS_AWAY)
                raise
            _skip_course(run, clock())
        except Failure as failure:
            note(run, clock(), ended_at=clock(), problem=Problem.of(failure))
            return None
    return MOMENT


def _skip_course(run: Census, now: datetime) -> None:
    """Leave one course at the numbers it had."""
    note(run, now, cursor=_next_course(run) or run.cursor, stumbles=0, skipped=run.skipped + 1)


def _count_ours(run: Census, now: datetime) -> None:
    note(run, now, only_ours=True, stage=Counting.GROUPS, cursor="")


def _step(run: Census, access: Access, clock: Clock) -> None:
    """Do one unit, and note that it is done."""
    match run.stage:
        case Counting.ACCOUNTS:
            looking.at_accounts(run, access)
            _next_stage(run, clock())
        case Counting.LISTS:
            after = looking.at_a_list(run, access)
            _next_stage(run, clock()) if after is None else note(run, clock(), cursor=after)
        case Counting.COURSES:
            course = _next_course(run)
            if course is None and run.skipped and not run.looked:
                _count_ours(run, clock())  # not one of them is to be seen
            elif course is None:
                looking.forget_the_rest(run)
                _next_stage(run, clock())
            else:
                looking.at_course(run, course, access)
                note(run, clock(), cursor=course, looked=run.looked + 1)
        case Counting.GROUPS | Counting.HIDING:
            _add_up(run, clock)


def _add_up(run: Census, clock: Clock) -> None:
    unit = adding_up.following(run)
    if unit is None:
        _next_stage(run, clock())
        return
    if run.stage is Counting.GROUPS:
        adding_up.count(run, unit, clock())
    else:
        adding_up.hide(run, unit)
    note(run, clock(), cursor=unit)


def _next_course(run: Census) -> str | None:
    with db.reading() as session:
        return looking.next_course(session, run)


def _next_stage(run: Census, now: datetime) -> None:
    """Go on to the next stage, or end the census."""
    following = stage_after(run.stage)
    if following is not None:
        note(run, now, stage=following, cursor="")
    elif note(run, now, ended_at=now, problem=None):
        adding_up.tidy(run.institution_id, now)
