"""an import by Canvas's own importer is being canceled: what that did meanwhile is still to be seen"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('imports', sa.Column('canceling', sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade():
    op.drop_column('imports', 'canceling')
