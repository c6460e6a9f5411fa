"""codes, entries and agreements that a command made, and nobody in Canvas"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

COLUMNS = (('codes', 'issuer_id'), ('bars', 'made_by'), ('agreements', 'author_id'))


def upgrade():
    if op.get_bind().dialect.name == 'sqlite':
        _let_be_empty_in_sqlite()
        return
    for table, column in COLUMNS:
        op.alter_column(table, column, existing_type=sa.Integer(), nullable=True)


def _let_be_empty_in_sqlite():
    """Change the tables' words only ("ALTER TABLE", 8: removing NOT NULL).

    Making the tables anew, as a batch would, takes whatever refers to their rows with it.
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql('PRAGMA schema_version').scalar_one()
    connection.exec_driver_sql('PRAGMA writable_schema = ON')
    for table, column in COLUMNS:
        changed = connection.exec_driver_sql(
            'UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = ? AND name = ? AND instr(sql, ?)',
            (f'{column} INTEGER NOT NULL', f'{column} INTEGER', 'table', table, f'{column} INTEGER NOT NULL'),
        )
        assert changed.rowcount == 1, table
    connection.exec_driver_sql(f'PRAGMA schema_version = {version + 1}')
    connection.exec_driver_sql('PRAGMA writable_schema = OFF')


def downgrade():
    """What may be empty stays so: the release before this one leaves none empty, and reads past those it meets."""
