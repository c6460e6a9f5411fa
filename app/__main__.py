"""`python -m app` is `observatory`."""

from app.cli import main

main(prog_name="observatory")
