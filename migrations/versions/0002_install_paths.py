"""install paths: invitations, adopted deployments, the student of a card, the look of a launch"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('invitations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('spent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_invitations_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('digest', name=op.f('uq_invitations_digest'))
    )
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitations_expires_at'), ['expires_at'], unique=False)
    with op.batch_alter_table('platforms', schema=None) as batch_op:
        batch_op.add_column(sa.Column('adopts_until', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('lti_launches', schema=None) as batch_op:
        batch_op.add_column(sa.Column('student_id', sa.Text(), nullable=True))
        # A default, so that servers of the last release can go on writing rows.
        batch_op.add_column(sa.Column('high_contrast', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('accent', sa.Text(), nullable=True))


def downgrade():
    with op.batch_alter_table('lti_launches', schema=None) as batch_op:
        batch_op.drop_column('accent')
        batch_op.drop_column('high_contrast')
        batch_op.drop_column('student_id')
    with op.batch_alter_table('platforms', schema=None) as batch_op:
        batch_op.drop_column('adopts_until')
    op.drop_table('invitations')
