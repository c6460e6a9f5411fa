"""Jobs: work that is promised in a transaction and done after it, by any worker, until it is done.

The only importer of the job engine, DBOS. A task runs at least once, so every one is idempotent.
"""

from app.jobs.queue import Backlog, backlog, enqueue, forget, migrate, ready
from app.jobs.turns import Task
from app.jobs.worker import Pace, alive, work

__all__ = ["Backlog", "Pace", "Task", "alive", "backlog", "enqueue", "forget", "migrate", "ready", "work"]
