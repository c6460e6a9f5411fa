"""Whose turn it is: each root account works on one import at a time, in the background."""

import threading
import time
from collections.abc import Iterator

from sandbox.sis.batch import SisBatch
from sandbox.sis.processing import work_through
from sandbox.sis.run import Run
from sandbox.world import World

# After so many rows everybody else gets a turn.
ROWS_AT_A_TIME = 50
PAUSE = 0.0002


def wake(world: World) -> None:
    """Have the imports that wait worked on."""
    with world.lock:
        threads = _threads(world)
        for account_id in {batch.account_id for batch in world.sis_batches.values()}:
            if account_id not in threads and _next(world, account_id):
                thread = threading.Thread(target=_work, args=(world, account_id), daemon=True)
                threads[account_id] = thread
                thread.start()


def wait(world: World) -> None:
    """Come back when every import is finished or held."""
    wake(world)
    while threads := list(_threads(world).values()):
        for thread in threads:
            thread.join()


def leave(world: World) -> None:
    """Stop the imports of a world that is given up."""
    with world.lock:
        for batch in world.sis_batches.values():
            abort(batch, world)


def abort(batch: SisBatch, world: World) -> bool:
    """End an import that has not finished; what it has imported stays."""
    if not (batch.waits or batch.workflow_state == "importing"):
        return False
    batch.workflow_state = "aborted"
    batch.updated_at = world.clock.now()
    return True


def _threads(world: World) -> dict[int, threading.Thread]:
    found: dict[int, threading.Thread] = world.memory.setdefault("sis_threads", {})
    return found


def _work(world: World, account_id: int) -> None:
    """Work on an account's imports until none is left or the next is held."""
    while True:
        with world.lock:
            batch = _next(world, account_id)
            if batch is None:
                del _threads(world)[account_id]
                return
            rows = _rows(world, batch)
        for count, _ in enumerate(rows):
            if _held(world, batch):
                break
            if count % ROWS_AT_A_TIME == 0:
                time.sleep(PAUSE)
        else:
            del world.memory["sis_work"][batch.id]


def _rows(world: World, batch: SisBatch) -> Iterator[None]:
    """The import's work, taken up where it was left."""
    begun: dict[int, Iterator[None]] = world.memory.setdefault("sis_work", {})
    if batch.id not in begun:
        begun[batch.id] = work_through(Run(world, batch))
    return begun[batch.id]


def _next(world: World, account_id: int) -> SisBatch | None:
    """The import to work on: the oldest unfinished one, unless it is held."""
    batches = (each for each in world.sis_batches.values() if each.account_id == account_id)
    first = next((each for each in batches if each.waits or each.runs), None)
    return None if first is None or _held(world, first) else first


def _held(world: World, batch: SisBatch) -> bool:
    settings = world.settings
    if batch.waits:
        return settings.sis_hold
    stop = settings.sis_hold_after
    return stop is not None and batch.workflow_state == "importing" and batch.rows_done >= stop
