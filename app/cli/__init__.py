"""`observatory …`: what is run on the server. Each group of commands has a module of its own."""

import click

from app.cli import audit, keeping, platform, server

COMMANDS = (
    *(server.serve, server.worker, server.database, server.examine, server.show),
    *(platform.platform, platform.tool_keys, platform.kept_secrets),
    *(audit.audit, keeping.export, keeping.purge),
)


@click.group(context_settings={"max_content_width": 110})
def main() -> None:
    """Pairs observers with students in Canvas. Settings come from the environment; see the README."""


for command in COMMANDS:
    main.add_command(command)
