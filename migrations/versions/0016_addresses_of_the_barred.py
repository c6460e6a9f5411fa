"""by which addresses somebody on the do-not-pair list is known when they come with another account"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('bars', schema=None) as batch_op:
        batch_op.add_column(sa.Column('addresses', sa.JSON(), nullable=False, server_default='[]'))


def downgrade():
    with op.batch_alter_table('bars', schema=None) as batch_op:
        batch_op.drop_column('addresses')
