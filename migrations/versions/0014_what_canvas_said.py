"""what Canvas's own importer said of a row, also of one that was done"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('import_rows', sa.Column('said', sa.Text(), nullable=True))


def downgrade():
    op.drop_column('import_rows', 'said')
