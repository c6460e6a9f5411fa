"""what is left of each token's request budget"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('tokens', schema=None) as batch_op:
        batch_op.add_column(sa.Column('budget_left', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('budget_seen_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('calls_until', sa.JSON(), nullable=True))


def downgrade():
    with op.batch_alter_table('tokens', schema=None) as batch_op:
        batch_op.drop_column('calls_until')
        batch_op.drop_column('budget_seen_at')
        batch_op.drop_column('budget_left')
