"""`observatory demo`: a sandbox Canvas and Observatory side by side, registered with each other.

Canvas is at `localhost` and Observatory at `127.0.0.1` on purpose: to a browser they are two sites, as in
real life. A sandbox forgets everything when it stops, so the demo's database is made new at every start.
"""

from app.demo.running import CannotRun, run

__all__ = ["CannotRun", "run"]
