"""`python -m sandbox`: a Canvas in one process, on loopback."""

import argparse
import gc
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sandbox.dumping import dump
from sandbox.faults import parse
from sandbox.reading import WorldError
from sandbox.school import school
from sandbox.server import create_app, serve
from sandbox.world import World
from sandbox.worldfile import read, read_json


def main() -> None:
    """Run the sandbox; a wrong world or fault file ends it with one line and status 2."""
    options = _options()
    make_world: Callable[[], World] = partial(school, options.students)
    if options.world:
        make_world = partial(read, options.world)
    try:
        faults = read_json(options.faults) if options.faults else []
        parse(faults)
        if options.dump_world:
            print(json.dumps(dump(make_world()), indent=1, ensure_ascii=False))
            return
        # A big school is a million objects that all stay: collecting while they are made is wasted time.
        gc.disable()
        app = create_app(make_world, faults)
        gc.freeze()
        gc.enable()
        serve(app, options.port, quiet=options.quiet, tls=options.tls)
    except (WorldError, OSError) as problem:
        print(f"sandbox: {problem}", file=sys.stderr)
        sys.exit(2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="0 picks a free one")
    parser.add_argument("--world", type=Path, help="a world file; without it a school is made up")
    parser.add_argument("--students", type=int, default=24, help="how many the made-up school has")
    parser.add_argument("--faults", type=Path, help="a file with fault rules")
    parser.add_argument("--quiet", action="store_true", help="no line per request")
    parser.add_argument("--dump-world", action="store_true", help="print the world as JSON and exit")
    parser.add_argument("--cert", help="TLS certificate (PEM); plain HTTP without it")
    parser.add_argument("--key", help="its private key (PEM)")
    options = parser.parse_args()
    options.tls = (options.cert, options.key) if options.cert and options.key else None
    if bool(options.cert) != bool(options.key):
        parser.error("--cert and --key go together")
    return options


if __name__ == "__main__":
    main()
