"""the login that a new observer would get, to see two people who would get the same one"""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('import_rows', sa.Column('new_login', sa.Text(), nullable=True))
    op.create_index('ix_import_rows_login', 'import_rows', ['import_id', 'new_login', 'id'])


def downgrade():
    op.drop_index('ix_import_rows_login', table_name='import_rows')
    op.drop_column('import_rows', 'new_login')
