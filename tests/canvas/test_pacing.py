"""One request budget per token: bulk work waits for people, never the other way round."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from app import db
from app.canvas import Canvas, observees, users
from app.canvas.pacing import BUCKET, LOW, RESERVE, UP_FRONT, Budget, Hold, estimate
from app.errors import CanvasThrottled
from app.models import Token
from tests.canvas.bureau import NOW, OBSERVER, Bureau
from tests.canvas.remote import Remote, Reply
from tests.facts import fact
from tests.programs import ROOT, environment
from tests.sandbox.running import Sandbox
from tests.sandbox.worlds import MATHS, MIA, A, small_world

both_databases = pytest.mark.both_databases(always=True)

MIA_SAYS = {"id": 41, "name": "Mia"}
THROTTLED = Reply(
    429, body=b"429 Too Many Requests (Rate Limit Exceeded)\n", headers={"X-Rate-Limit-Remaining": "0.0"}
)
MINUTE = timedelta(minutes=1)


def left(units: float) -> Reply:
    return Reply(data=MIA_SAYS, headers={"x-request-cost": "0.1", "x-rate-limit-remaining": str(units)})


@pytest.fixture
def bureau(app: Flask, remote: Remote) -> Bureau:
    bureau = Bureau(app, remote.url)
    bureau.keeps("tok-admin", refresh=None, expires_at=None)
    return bureau


def budget_at(bureau: Bureau, now: datetime) -> Budget:
    def row(session: db.Session) -> Token | None:
        return session.query(Token).with_for_update().one_or_none()

    return Budget(row, lambda: now)


@pytest.fixture
def writes(app: Flask) -> Iterator[list[str]]:
    """The statements that change something."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("SELECT", "PRAGMA", "BEGIN", "SET")):
            seen.append(statement)

    event.listen(db.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.database.engine, "before_cursor_execute", note)


@fact("lti 8", "What is left of a token's bucket grows by 10 units a second, up to the whole.")
@pytest.mark.parametrize(
    ("seen", "seconds", "now_left"),
    [
        (None, 0, BUCKET),
        (0.0, 0, 0.0),
        (0.0, 5, 50.0),
        (100.0, 3600, BUCKET),
        (700.0, 3600, 700.0),
        (5.0, -9, 5.0),
    ],
)
def test_a_budget_fills_up_by_itself(seen: float | None, seconds: float, now_left: float) -> None:
    assert estimate(seen, NOW, NOW + timedelta(seconds=seconds)) == now_left


@both_databases
@fact("lti 8", "A running call is booked with 50 units, so six at once cost half of the bucket.")
def test_bulk_work_leaves_half_of_the_budget_to_people(bureau: Bureau) -> None:
    fits = int((BUCKET - RESERVE) / UP_FRONT)
    taken = [budget_at(bureau, NOW).take(MINUTE) for _ in range(fits + 1)]
    assert [isinstance(one, Hold) for one in taken] == [False] * fits + [True]
    first = taken[0]
    assert isinstance(first, datetime)
    budget_at(bureau, NOW).settle(first, None)
    assert not isinstance(budget_at(bureau, NOW).take(MINUTE), Hold), "one is over, another may begin"


@both_databases
def test_what_the_dead_had_under_way_does_not_count_for_ever(bureau: Bureau) -> None:
    while not isinstance(budget_at(bureau, NOW).take(MINUTE), Hold):
        pass
    later = NOW + MINUTE
    assert not isinstance(budget_at(bureau, later).take(MINUTE), Hold)


@both_databases
def test_bulk_work_waits_as_long_as_the_bucket_needs(bureau: Bureau) -> None:
    budget_at(bureau, NOW).note(RESERVE)
    assert budget_at(bureau, NOW).take(MINUTE) == Hold(UP_FRONT / 10)
    assert not isinstance(budget_at(bureau, NOW + timedelta(seconds=5)).take(MINUTE), Hold)


def test_a_new_token_has_spent_nothing(bureau: Bureau) -> None:
    budget_at(bureau, NOW).note(0.0)
    assert isinstance(budget_at(bureau, NOW).take(MINUTE), Hold)
    bureau.keeps("another")
    assert not isinstance(budget_at(bureau, NOW).take(MINUTE), Hold)


@both_databases
def test_a_person_writes_nothing_while_there_is_enough(
    bureau: Bureau, remote: Remote, writes: list[str]
) -> None:
    remote.says(left(LOW), left(LOW - 1))
    users.profile(bureau.canvas())
    assert writes == []
    users.profile(bureau.canvas())
    assert len(writes) == 1
    (row,) = bureau.rows()
    assert row.budget_left == LOW - 1


def test_a_person_never_waits_for_bulk_work(bureau: Bureau, remote: Remote) -> None:
    budget_at(bureau, NOW).note(0.0)
    remote.says(left(10))
    assert users.profile(bureau.canvas().within(timedelta(seconds=3))).name == "Mia"


@pytest.mark.parametrize("header", ["", "lots", "-1", "1e99", "nan", "600.0, 600.0", "9" * 400])
def test_an_odd_header_tells_nothing(bureau: Bureau, remote: Remote, writes: list[str], header: str) -> None:
    remote.says(Reply(data=MIA_SAYS, headers={"x-rate-limit-remaining": header} if header else {}))
    users.profile(bureau.canvas())
    assert len(writes) == (header == "-1"), "less than nothing is nothing"


@both_databases
@fact("lti 8", "A throttled call had no effect and says that nothing is left; bulk work comes again later.")
def test_whoever_is_throttled_tells_the_others(bureau: Bureau, remote: Remote) -> None:
    remote.says(THROTTLED)
    with pytest.raises(CanvasThrottled):
        observees.add(bureau.canvas(), "10", "41")
    assert bureau.rows()[0].budget_left == 0.0
    seen = len(remote.seen)
    with pytest.raises(CanvasThrottled, match="held back") as caught:
        observees.add(bureau.canvas().in_bulk(), "10", "41")
    assert timedelta(seconds=34) < caught.value.wait <= timedelta(seconds=35)
    assert len(remote.seen) == seen, "and Canvas is not asked"


def test_bulk_work_that_is_throttled_is_sent_again(bureau: Bureau, remote: Remote) -> None:
    again = {**MIA_SAYS, "observation_link_root_account_ids": [1]}
    remote.says(THROTTLED, Reply(data=again))
    bureau_budget = budget_at(bureau, NOW)
    bulk = bureau.canvas().in_bulk(timedelta(seconds=20))
    with pytest.raises(CanvasThrottled, match="held back"):
        observees.add(bulk, "10", "41")
    bureau_budget.note(BUCKET)
    assert observees.add(bulk, "10", "41").name == "Mia"


def test_bulk_work_keeps_within_its_own_deadline_too(bureau: Bureau, remote: Remote) -> None:
    budget_at(bureau, NOW).note(RESERVE)  # five seconds too little
    started = time.monotonic()
    with pytest.raises(CanvasThrottled, match="held back"):
        users.profile(bureau.canvas().within(timedelta(seconds=1)).in_bulk())
    assert time.monotonic() - started < 4, "what cannot come in time is not waited for"
    assert remote.seen == []


def test_bulk_work_waits_for_its_turn(bureau: Bureau, remote: Remote) -> None:
    remote.says(left(BUCKET))
    budget_at(bureau, NOW).note(RESERVE + UP_FRONT - 3)  # 0.3 s too little
    assert users.profile(bureau.canvas().in_bulk()).name == "Mia"
    (row,) = bureau.rows()
    assert (row.budget_left, row.calls_until) == (BUCKET, [])


class Load:
    """A school whose every call is dear enough for a few dozen at once to be throttled."""

    def __init__(self, app: Flask, sandbox: Sandbox, database_url: str) -> None:
        world = small_world()
        many = range(10_000, 10_060)
        world["settings"] = {"throttle": True}
        world["users"] += [{"id": n, "name": f"Pupil {n}", "logins": []} for n in many]
        world["enrollments"] += [
            {"user_id": n, "course_id": MATHS, "section_id": A, "type": "StudentEnrollment"} for n in many
        ]
        sandbox.use(world)
        sandbox.call("DELETE", "/_sandbox/log")
        self.sandbox, self.database_url = sandbox, database_url
        self.bureau = Bureau(app, sandbox.url)
        self.bureau.keeps("tok-admin", refresh=None, expires_at=None)

    def runs(self, how: str, calls: int) -> list[subprocess.Popen[str]]:
        """Two workers, which begin at the same time."""
        words = [sys.executable, "-m", "tests.canvas.bulk", str(self.bureau.id), str(MATHS), str(calls), how]
        env = environment(DATABASE_URL=self.database_url, OBSERVATORY_LOG_LEVEL="ERROR")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        workers = [subprocess.Popen(words, env=env, cwd=ROOT, **pipes) for _ in range(2)]
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("go\n")
            worker.stdin.flush()
        return workers

    def person(self) -> Canvas:
        return self.bureau.canvas(now=datetime.now(UTC)).within(timedelta(seconds=10))

    def throttled(self) -> int:
        return sum(row["status"] in (403, 429) for row in self.sandbox.log())


@pytest.fixture
def load(app: Flask, sandbox: Sandbox, database_url: str) -> Load:
    return Load(app, sandbox, database_url)


def said(worker: subprocess.Popen[str]) -> list[int]:
    out, _ = worker.communicate(timeout=120)
    return [int(word) for word in out.split()]


@pytest.mark.slow
@both_databases
def test_two_workers_and_a_person_share_one_budget(load: Load) -> None:
    workers = load.runs("paced", 75)
    asked = 0
    while any(worker.poll() is None for worker in workers):
        observees.list_observers(load.person(), str(MIA))
        asked += 1
        time.sleep(0.05)
    assert [said(worker) for worker in workers] == [[75, 0], [75, 0]]
    assert asked > 5
    assert load.throttled() == 0


@pytest.mark.slow
def test_without_turns_work_is_throttled(load: Load) -> None:
    state = load.sandbox.state()
    state["settings"]["extra_cost"] = 5  # or a quick machine never has enough calls in flight
    load.sandbox.use(state)
    workers = load.runs("unpaced", 75)
    assert sum(said(worker)[1] for worker in workers) > 0 or load.throttled() > 0


@fact("lti 8", "What is left is told by every answer, in a header whose name's case does not matter.")
def test_canvas_tells_what_is_left(load: Load) -> None:
    bulk = load.bureau.canvas(now=datetime.now(UTC)).in_bulk()
    users.profile(bulk)
    (row,) = load.bureau.rows()
    assert row.budget_left is not None
    assert BUCKET - 20 < row.budget_left < BUCKET


def test_an_observer_s_token_has_a_budget_of_its_own(load: Load) -> None:
    bureau = load.bureau
    bureau.keeps("tok-parent", refresh=None, expires_at=None, purpose=OBSERVER)
    budget_of_service = bureau.canvas(now=datetime.now(UTC)).bearer.budget
    assert budget_of_service is not None
    budget_of_service.note(0.0)
    assert users.profile(bureau.canvas(OBSERVER, now=datetime.now(UTC)).in_bulk()).name == "Per Holm"


@both_databases
@pytest.mark.parametrize(("told", "settled"), [(RESERVE + UP_FRONT, 1), (RESERVE + UP_FRONT - 1, 3)])
def test_calls_in_a_row_share_a_turn_while_plenty_is_left(
    bureau: Bureau, remote: Remote, writes: list[str], told: float, settled: int
) -> None:
    remote.says(left(told), left(told), left(told))
    with bureau.canvas().in_bulk().in_a_row() as canvas:
        for _ in range(3):
            users.profile(canvas)
    assert len(writes) == 2 * settled  # a turn is taken, and given back
    (row,) = bureau.rows()
    assert (row.budget_left, row.calls_until) == (told, [])
