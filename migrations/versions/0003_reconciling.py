"""comparing links with Canvas, and what was found"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table('links', schema=None) as batch_op:
        batch_op.add_column(sa.Column('again', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('gone', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index('ix_links_course', ['institution_id', 'course_id'], unique=False)

    op.create_table('reconciliations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stage', sa.Enum('waiting', 'everywhere', 'courses', name='stage', native_enum=False, length=32), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=False),
    sa.Column('looked', sa.Integer(), nullable=False),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('mended', sa.Integer(), nullable=False),
    sa.Column('elsewhere', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.Integer(), nullable=False),
    sa.Column('stumbles', sa.Integer(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_reconciliations_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reconciliations'))
    )
    with op.batch_alter_table('reconciliations', schema=None) as batch_op:
        batch_op.create_index('ix_reconciliations_begun', ['institution_id', 'begun_at'], unique=False)
        batch_op.create_index('uq_reconciliations_open', ['institution_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('drifts',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('link_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('places', sa.JSON(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('refused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Integer(), nullable=True),
    sa.Column('how', sa.Enum('rule', 'click', 'itself', 'left', name='how', native_enum=False, length=32), nullable=True),
    sa.ForeignKeyConstraint(['institution_id', 'settled_by'], ['people.institution_id', 'people.id'], name=op.f('fk_drifts_institution_id_settled_by')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_drifts_institution_id')),
    sa.ForeignKeyConstraint(['link_id'], ['links.id'], name=op.f('fk_drifts_link_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_drifts'))
    )
    with op.batch_alter_table('drifts', schema=None) as batch_op:
        batch_op.create_index('ix_drifts_institution', ['institution_id', 'settled_at'], unique=False)
        batch_op.create_index('ix_drifts_link', ['link_id'], unique=False)
        batch_op.create_index('uq_drifts_open', ['link_id', 'kind'], unique=True, sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))


def downgrade():
    op.drop_table('drifts')
    op.drop_table('reconciliations')
    with op.batch_alter_table('links', schema=None) as batch_op:
        batch_op.drop_index('ix_links_course')
        batch_op.drop_column('gone')
        batch_op.drop_column('again')
