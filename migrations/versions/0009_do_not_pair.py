"""the do-not-pair list, and who was kept away by it"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('bars',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('student_id', sa.Integer(), nullable=False),
    sa.Column('observer_id', sa.Integer(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_by', sa.Integer(), nullable=True),
    sa.CheckConstraint('observer_id IS NULL OR email IS NULL', name=op.f('ck_bars_person_or_email')),
    sa.ForeignKeyConstraint(['institution_id', 'ended_by'], ['people.institution_id', 'people.id'], name=op.f('fk_bars_institution_id_ended_by')),
    sa.ForeignKeyConstraint(['institution_id', 'made_by'], ['people.institution_id', 'people.id'], name=op.f('fk_bars_institution_id_made_by')),
    sa.ForeignKeyConstraint(['institution_id', 'observer_id'], ['people.institution_id', 'people.id'], name=op.f('fk_bars_institution_id_observer_id')),
    sa.ForeignKeyConstraint(['institution_id', 'student_id'], ['people.institution_id', 'people.id'], name=op.f('fk_bars_institution_id_student_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_bars_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bars'))
    )
    with op.batch_alter_table('bars', schema=None) as batch_op:
        batch_op.create_index('ix_bars_student', ['institution_id', 'student_id'], unique=False)

    op.create_table('bar_hits',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('bar_id', sa.Integer(), nullable=False),
    sa.Column('observer_id', sa.Integer(), nullable=True),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seen_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['bar_id'], ['bars.id'], name=op.f('fk_bar_hits_bar_id')),
    sa.ForeignKeyConstraint(['institution_id', 'observer_id'], ['people.institution_id', 'people.id'], name=op.f('fk_bar_hits_institution_id_observer_id')),
    sa.ForeignKeyConstraint(['institution_id', 'seen_by'], ['people.institution_id', 'people.id'], name=op.f('fk_bar_hits_institution_id_seen_by')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_bar_hits_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bar_hits'))
    )
    with op.batch_alter_table('bar_hits', schema=None) as batch_op:
        batch_op.create_index('ix_bar_hits_institution', ['institution_id'], unique=False)
        batch_op.create_index('uq_bar_hits_unseen', ['bar_id', 'observer_id'], unique=True, sqlite_where=sa.text('seen_at IS NULL'), postgresql_where=sa.text('seen_at IS NULL'))


def downgrade():
    op.drop_table('bar_hits')
    op.drop_table('bars')
