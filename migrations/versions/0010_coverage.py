"""counting who has observers"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

INSTITUTION = (['institution_id'], ['institutions.id'])


def upgrade():
    op.create_table('censuses',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('stage', sa.Enum('accounts', 'lists', 'courses', 'groups', 'hiding', name='counting', native_enum=False, length=32), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=False),
    sa.Column('looked', sa.Integer(), nullable=False),
    sa.Column('skipped', sa.Integer(), nullable=False),
    sa.Column('stumbles', sa.Integer(), nullable=False),
    sa.Column('only_ours', sa.Boolean(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(*INSTITUTION, name=op.f('fk_censuses_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_censuses'))
    )
    with op.batch_alter_table('censuses', schema=None) as batch_op:
        batch_op.create_index('ix_censuses_begun', ['institution_id', 'begun_at'], unique=False)
        batch_op.create_index('uq_censuses_open', ['institution_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('counted_accounts',
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Text(), nullable=False),
    sa.Column('parent_id', sa.Text(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(*INSTITUTION, name=op.f('fk_counted_accounts_institution_id')),
    sa.PrimaryKeyConstraint('institution_id', 'account_id', name=op.f('pk_counted_accounts'))
    )
    with op.batch_alter_table('counted_accounts', schema=None) as batch_op:
        batch_op.create_index('ix_counted_accounts_path', ['institution_id', 'path'], unique=False)

    op.create_table('counted_courses',
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Text(), nullable=False),
    sa.Column('account_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('census_id', sa.Integer(), nullable=False),
    sa.Column('none', sa.Integer(), nullable=False),
    sa.Column('one', sa.Integer(), nullable=False),
    sa.Column('several', sa.Integer(), nullable=False),
    sa.Column('told', sa.Integer(), nullable=False),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['census_id'], ['censuses.id'], name=op.f('fk_counted_courses_census_id')),
    sa.ForeignKeyConstraint(*INSTITUTION, name=op.f('fk_counted_courses_institution_id')),
    sa.PrimaryKeyConstraint('institution_id', 'course_id', name=op.f('pk_counted_courses'))
    )
    with op.batch_alter_table('counted_courses', schema=None) as batch_op:
        batch_op.create_index('ix_counted_courses_account', ['institution_id', 'account_id', 'name'], unique=False)

    op.create_table('seats',
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('course_id', sa.Text(), nullable=False),
    sa.Column('student_id', sa.Text(), nullable=False),
    sa.Column('observer_id', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(*INSTITUTION, name=op.f('fk_seats_institution_id')),
    sa.PrimaryKeyConstraint('institution_id', 'course_id', 'student_id', 'observer_id', name=op.f('pk_seats')),
    sqlite_with_rowid=False,
    )

    op.create_table('coverage',
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.Text(), nullable=False),
    sa.Column('census_id', sa.Integer(), nullable=False),
    sa.Column('none', sa.Integer(), nullable=True),
    sa.Column('one', sa.Integer(), nullable=True),
    sa.Column('several', sa.Integer(), nullable=True),
    sa.Column('told', sa.Integer(), nullable=False),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.Column('issued', sa.Integer(), nullable=False),
    sa.Column('redeemed', sa.Integer(), nullable=False),
    sa.Column('expired', sa.Integer(), nullable=False),
    sa.Column('everywhere', sa.Integer(), nullable=False),
    sa.Column('in_courses', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['census_id'], ['censuses.id'], name=op.f('fk_coverage_census_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(*INSTITUTION, name=op.f('fk_coverage_institution_id')),
    sa.PrimaryKeyConstraint('institution_id', 'account_id', 'census_id', name=op.f('pk_coverage'))
    )


def downgrade():
    op.drop_table('coverage')
    op.drop_table('seats')
    op.drop_table('counted_courses')
    op.drop_table('counted_accounts')
    op.drop_table('censuses')
