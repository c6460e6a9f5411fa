"""docs/commands.md, from what the commands say: `python -m tests.manual > docs/commands.md`."""

from collections.abc import Iterator

import click

from app.cli import main

INSTITUTION = "By its slug; may be left out while there is only one."  # said once for all
HEAD = """# Commands

Every command with its options, as `--help` shows them. `--institution SLUG` says which school is meant; it
may be left out on a server with one. Those that ask Canvas do it as the institution's service account. What
a command changes is written down as an audit event without a person, with `by: cli`. A command that cannot
do what it was asked says why and what to do, and ends with status 1.
"""


def manual() -> str:
    """The whole page."""
    with click.Context(main, info_name="observatory") as context:
        return "\n".join([HEAD, *_of(main, context)]).rstrip() + "\n"


def _of(group: click.Group, context: click.Context) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        with click.Context(command, parent=context, info_name=name) as inner:
            if isinstance(command, click.Group):
                yield f"## `{inner.command_path}`\n\n{_help(command)}\n"
                yield from _of(command, inner)
            else:
                yield from _command(command, inner)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    level = "##" if len(context.command_path.split()) == 2 else "###"
    arguments = [param.make_metavar(context) for param in command.params if isinstance(param, click.Argument)]
    yield f"{level} `{' '.join([context.command_path, *arguments])}`\n\n{_help(command)}\n"
    options = [one for one in command.params if isinstance(one, click.Option) and one.help != INSTITUTION]
    records = filter(None, (one.get_help_record(context) for one in options))
    lines = [f"- `{words}`: {help_}" if help_ else f"- `{words}`" for words, help_ in records]
    if lines:
        yield "\n".join(lines) + "\n"


def _help(command: click.Command) -> str:
    return " ".join((command.help or "").split())


if __name__ == "__main__":
    click.echo(manual(), nl=False)
