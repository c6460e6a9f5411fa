"""imports of many observers from sheets"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('imports',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('columns', 'reading', 'listing', 'looking', 'ready', 'sending', 'following', 'running', 'done', 'canceled', 'undoing', 'undone', name='importstate', native_enum=False, length=32), nullable=False),
    sa.Column('road', sa.Enum('api', 'sis', name='importroad', native_enum=False, length=32), nullable=True),
    sa.Column('paused', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.Column('mapping', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('pace_since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('pace_from', sa.Integer(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=True),
    sa.Column('rights', sa.JSON(), nullable=False),
    sa.Column('listed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('sis_import_id', sa.Text(), nullable=True),
    sa.Column('sis_words', sa.JSON(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undo_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('emptied_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['institution_id', 'person_id'], ['people.institution_id', 'people.id'], name=op.f('fk_imports_institution_id_person_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_imports_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_imports')),
    sa.UniqueConstraint('institution_id', 'id', name=op.f('uq_imports_institution_id_id'))
    )
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.create_index('ix_imports_created', ['institution_id', 'created_at'], unique=False)

    op.create_table('import_chunks',
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_chunks_import_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'number', name=op.f('pk_import_chunks'))
    )
    op.create_table('import_people',
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('canvas_id', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('sis_id', sa.Text(), nullable=True),
    sa.Column('login', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_people_import_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'canvas_id', name=op.f('pk_import_people'))
    )
    with op.batch_alter_table('import_people', schema=None) as batch_op:
        batch_op.create_index('ix_import_people_email', ['import_id', 'email'], unique=False)
        batch_op.create_index('ix_import_people_login', ['import_id', 'login'], unique=False)
        batch_op.create_index('ix_import_people_sis', ['import_id', 'sis_id'], unique=False)

    op.create_table('import_rows',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('pair', 'account', name='rowkind', native_enum=False, length=32), nullable=False),
    sa.Column('raw', sa.JSON(), nullable=False),
    sa.Column('given', sa.JSON(), nullable=False),
    sa.Column('state', sa.Enum('read', 'seen', 'doing', 'done', 'failed', 'undoing', 'undone', 'kept', name='rowstate', native_enum=False, length=32), nullable=False),
    sa.Column('lane', sa.Integer(), nullable=False),
    sa.Column('verdict', sa.Text(), nullable=True),
    sa.Column('chosen', sa.Text(), nullable=True),
    sa.Column('candidates', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('observer_key', sa.Text(), nullable=True),
    sa.Column('pair_key', sa.Text(), nullable=True),
    sa.Column('observer_id', sa.Text(), nullable=True),
    sa.Column('student_id', sa.Text(), nullable=True),
    sa.Column('course_id', sa.Text(), nullable=True),
    sa.Column('before', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('link_id', sa.Integer(), nullable=True),
    sa.Column('made_account', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('made_link', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('ended_link', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('told', sa.Text(), nullable=True),
    sa.Column('user_line', sa.Integer(), nullable=True),
    sa.Column('pair_line', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name=op.f('fk_import_rows_import_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_import_rows_institution_id')),
    sa.ForeignKeyConstraint(['link_id'], ['links.id'], name=op.f('fk_import_rows_link_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_rows'))
    )
    with op.batch_alter_table('import_rows', schema=None) as batch_op:
        batch_op.create_index('ix_import_rows_line', ['import_id', 'pair_line'], unique=False)
        batch_op.create_index('ix_import_rows_link', ['link_id'], unique=False)
        batch_op.create_index('ix_import_rows_next', ['import_id', 'state', 'lane', 'id'], unique=False)
        batch_op.create_index('ix_import_rows_observer', ['import_id', 'observer_key', 'id'], unique=False)
        batch_op.create_index('ix_import_rows_pair', ['import_id', 'pair_key', 'id'], unique=False)
        batch_op.create_index('ix_import_rows_verdict', ['import_id', 'verdict', 'id'], unique=False)


def downgrade():
    op.drop_table('import_rows')
    op.drop_table('import_people')
    op.drop_table('import_chunks')
    op.drop_table('imports')
