"""who runs an import, and who undoes it: not always whoever uploaded it"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade():
    # no foreign keys: SQLite would copy the whole table for them
    op.add_column('imports', sa.Column('run_by', sa.Integer(), nullable=True))
    op.add_column('imports', sa.Column('undone_by', sa.Integer(), nullable=True))
    op.execute("UPDATE imports SET run_by = person_id")  # what is under way goes on in the same name
    op.execute("UPDATE imports SET undone_by = person_id WHERE state = 'undoing'")


def downgrade():
    op.drop_column('imports', 'undone_by')
    op.drop_column('imports', 'run_by')
