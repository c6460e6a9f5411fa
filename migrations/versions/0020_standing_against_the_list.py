"""alerts of connections that stand against the do-not-pair list"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('bar_hits', sa.Column('connected', sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    op.drop_column('bar_hits', 'connected')
