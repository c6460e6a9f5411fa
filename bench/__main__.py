"""`python -m bench`: CPU per LTI launch and per redemption, each beside a floor measured in the same run."""

import argparse
import os
import platform
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench import databases, floor, launches, redemptions
from bench.serving import Cost


def main() -> None:
    """Measure on each database, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=400, help="operations per figure")
    parser.add_argument("--rounds", type=int, default=3, help="floor and figure in turn, this often")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()};", end=" ")
    print(f"{chosen.rounds} rounds of {chosen.count}; CPU of all our processes and the database, medians")
    print()
    print("| database | operation | CPU ms | floor ms | ratio |")
    print("|---|---|---:|---:|---:|")
    for kind in chosen.database or ["sqlite", "postgresql"]:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
            database = stack.enter_context(databases.fresh(kind, folder))
            measured = [floor.measure(database, folder, chosen.count, chosen.rounds)]
            measured.append(launches.measure(database, folder, chosen.count, chosen.rounds))
            measured.append(redemptions.measure(database, folder, chosen.count, chosen.rounds))
            _print(kind, measured)


def _print(kind: str, measured: list[Cost]) -> None:
    base, *operations = measured
    for cost in operations:
        ratio = cost.milliseconds / base.milliseconds
        print(
            f"| {kind} | {cost.what} | {cost.milliseconds:.2f} | {base.milliseconds:.2f} | {ratio:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
