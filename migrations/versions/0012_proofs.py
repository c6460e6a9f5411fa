"""proofs given to Canvas, until it is known what it made of them"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

PEOPLE = ['people.institution_id', 'people.id']


def upgrade():
    op.create_table('proofs',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('observer_id', sa.Integer(), nullable=False),
    sa.Column('admin_id', sa.Integer(), nullable=True),
    sa.Column('way', sa.Enum('code', 'native_code', 'admin', 'import', 'canvas', name='way', native_enum=False, length=32), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['institution_id', 'admin_id'], PEOPLE, name=op.f('fk_proofs_institution_id_admin_id')),
    sa.ForeignKeyConstraint(['institution_id', 'observer_id'], PEOPLE, name=op.f('fk_proofs_institution_id_observer_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_proofs_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proofs'))
    )


def downgrade():
    op.drop_table('proofs')
