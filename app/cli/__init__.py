"""`observatory …`: what is run on the server. Each group of commands has a module of its own.

`shell` is what they stand on. What a command does is done by the functions that the pages call, too.
"""

import click

from app.cli import (
    audit,
    codes,
    connecting,
    coverage,
    do_not_pair,
    drift,
    imports,
    keeping,
    people,
    platform,
    policy,
    registration,
    server,
    uploading,
)

COMMANDS = (
    *(server.serve, server.worker, server.database, server.examine, server.show),
    *(platform.platform, platform.tool_keys, platform.kept_secrets),
    *(imports.imports, people.office, do_not_pair.do_not_pair, policy.policy),
    *(registration.registration, registration.discovery, coverage.coverage, drift.drift),
    *(audit.audit, keeping.export, keeping.purge),
)


@click.group(context_settings={"max_content_width": 110})
def main() -> None:
    """Pairs observers with students in Canvas. Settings come from the environment; see the README."""


for command in COMMANDS:
    main.add_command(command)
imports.imports.add_command(uploading.upload)
for command in (
    *(connecting.connect, connecting.disconnect, connecting.create),
    *(codes.code, codes.live, codes.revoke, connecting.requests, connecting.settle),
):
    people.office.add_command(command)
