"""signing up with a code, and the first page"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('front_pages',
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=True),
    sa.Column('logo', sa.LargeBinary(), nullable=True),
    sa.Column('logo_type', sa.Text(), nullable=True),
    sa.Column('self_registration', sa.Text(), nullable=True),
    sa.Column('terms_passive', sa.Boolean(), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_front_pages_institution_id')),
    sa.PrimaryKeyConstraint('institution_id', name=op.f('pk_front_pages'))
    )
    op.create_table('login_ways',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('label', sa.Text(), nullable=True),
    sa.Column('shown', sa.Enum('everybody', 'school', 'observers', 'nobody', name='shown', native_enum=False, length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_login_ways_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_ways')),
    sa.UniqueConstraint('institution_id', 'provider_id', name=op.f('uq_login_ways_institution_id_provider_id'))
    )
    op.create_table('sign_ups',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('code_id', sa.Integer(), nullable=False),
    sa.Column('road', sa.Enum('native', 'plain', name='road', native_enum=False, length=32), nullable=False),
    sa.Column('login_digest', sa.Text(), nullable=False),
    sa.Column('asked', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('begun', 'made', 'undone', name='signupstate', native_enum=False, length=32), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('link_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['code_id'], ['codes.id'], name=op.f('fk_sign_ups_code_id')),
    sa.ForeignKeyConstraint(['institution_id', 'person_id'], ['people.institution_id', 'people.id'], name=op.f('fk_sign_ups_institution_id_person_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_sign_ups_institution_id')),
    sa.ForeignKeyConstraint(['link_id'], ['links.id'], name=op.f('fk_sign_ups_link_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_ups'))
    )
    with op.batch_alter_table('sign_ups', schema=None) as batch_op:
        batch_op.create_index('ix_sign_ups_created_at', ['created_at'], unique=False)
        batch_op.create_index('uq_sign_ups_open', ['institution_id', 'login_digest'], unique=True, sqlite_where=sa.text("state = 'begun'"), postgresql_where=sa.text("state = 'begun'"))

    with op.batch_alter_table('institutions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('extras', sa.JSON(none_as_null=True), nullable=True))


def downgrade():
    with op.batch_alter_table('institutions', schema=None) as batch_op:
        batch_op.drop_column('extras')

    with op.batch_alter_table('sign_ups', schema=None) as batch_op:
        batch_op.drop_index('uq_sign_ups_open')
        batch_op.drop_index('ix_sign_ups_created_at')

    op.drop_table('sign_ups')
    op.drop_table('login_ways')
    op.drop_table('front_pages')
