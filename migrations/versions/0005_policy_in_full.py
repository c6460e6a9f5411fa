"""policies in full, agreements, approvals, end dates"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('agreements',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('author_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['institution_id', 'author_id'], ['people.institution_id', 'people.id'], name=op.f('fk_agreements_institution_id_author_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_agreements_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_agreements')),
    sa.UniqueConstraint('institution_id', 'version', name=op.f('uq_agreements_institution_id_version'))
    )
    op.create_table('end_requests',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('student_id', sa.Integer(), nullable=False),
    sa.Column('observer_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Integer(), nullable=True),
    sa.Column('granted', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['institution_id', 'observer_id'], ['people.institution_id', 'people.id'], name=op.f('fk_end_requests_institution_id_observer_id')),
    sa.ForeignKeyConstraint(['institution_id', 'settled_by'], ['people.institution_id', 'people.id'], name=op.f('fk_end_requests_institution_id_settled_by')),
    sa.ForeignKeyConstraint(['institution_id', 'student_id'], ['people.institution_id', 'people.id'], name=op.f('fk_end_requests_institution_id_student_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_end_requests_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_end_requests'))
    )
    with op.batch_alter_table('end_requests', schema=None) as batch_op:
        batch_op.create_index('uq_end_requests_open', ['institution_id', 'student_id', 'observer_id'], unique=True, sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))

    op.create_table('acceptances',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('agreement_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agreement_id'], ['agreements.id'], name=op.f('fk_acceptances_agreement_id')),
    sa.ForeignKeyConstraint(['institution_id', 'person_id'], ['people.institution_id', 'people.id'], name=op.f('fk_acceptances_institution_id_person_id')),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_acceptances_institution_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptances')),
    sa.UniqueConstraint('agreement_id', 'person_id', name=op.f('uq_acceptances_agreement_id_person_id'))
    )
    with op.batch_alter_table('codes', schema=None) as batch_op:
        batch_op.add_column(sa.Column('purpose', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('link_ends_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('link_ends_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('terms', sa.Text(), server_default='', nullable=False))
        batch_op.drop_index('uq_codes_current_course')
        batch_op.create_index('uq_codes_current_course', ['institution_id', 'student_id', 'course_id', 'terms'], unique=True, sqlite_where=sa.text("scope = 'course' AND replaced_at IS NULL"), postgresql_where=sa.text("scope = 'course' AND replaced_at IS NULL"))

    with op.batch_alter_table('links', schema=None) as batch_op:
        batch_op.add_column(sa.Column('purpose', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('ends_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('answer_by', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('ended_by', sa.Enum('observer', 'student', 'office', 'date', name='endedby', native_enum=False, length=32), nullable=True))
        batch_op.create_index('ix_links_answer_by', ['answer_by'], unique=False)
        batch_op.create_index('ix_links_ends_at', ['ends_at'], unique=False)
        batch_op.create_index('uq_links_waiting_all', ['institution_id', 'observer_id', 'student_id'], unique=True, sqlite_where=sa.text("scope = 'all' AND state = 'waiting'"), postgresql_where=sa.text("scope = 'all' AND state = 'waiting'"))
        batch_op.create_index('uq_links_waiting_course', ['institution_id', 'observer_id', 'student_id', 'course_id'], unique=True, sqlite_where=sa.text("scope = 'course' AND state = 'waiting'"), postgresql_where=sa.text("scope = 'course' AND state = 'waiting'"))

    with op.batch_alter_table('policies', schema=None) as batch_op:
        batch_op.add_column(sa.Column('version', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('codes_until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('teachers_issue', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('students_issue', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('observers_most', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('students_end', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('office', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('approval', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('approval_days', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('agreement_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('purposes', sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column('time_zone', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('notices', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('codes_days', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('links_days', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('audit_days', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('languages', sa.JSON(none_as_null=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_policies_agreement_id'), 'agreements', ['agreement_id'], ['id'])



def downgrade():
    with op.batch_alter_table('policies', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_policies_agreement_id'), type_='foreignkey')
        batch_op.drop_column('languages')
        batch_op.drop_column('audit_days')
        batch_op.drop_column('links_days')
        batch_op.drop_column('codes_days')
        batch_op.drop_column('notices')
        batch_op.drop_column('time_zone')
        batch_op.drop_column('purposes')
        batch_op.drop_column('agreement_id')
        batch_op.drop_column('approval_days')
        batch_op.drop_column('approval')
        batch_op.drop_column('office')
        batch_op.drop_column('students_end')
        batch_op.drop_column('observers_most')
        batch_op.drop_column('students_issue')
        batch_op.drop_column('teachers_issue')
        batch_op.drop_column('codes_until')
        batch_op.drop_column('version')

    with op.batch_alter_table('links', schema=None) as batch_op:
        batch_op.drop_index('uq_links_waiting_course')
        batch_op.drop_index('uq_links_waiting_all')
        batch_op.drop_index('ix_links_ends_at')
        batch_op.drop_index('ix_links_answer_by')
        batch_op.drop_column('ended_by')
        batch_op.drop_column('approved_at')
        batch_op.drop_column('answer_by')
        batch_op.drop_column('ends_at')
        batch_op.drop_column('ends_on')
        batch_op.drop_column('purpose')

    op.execute("UPDATE codes SET replaced_at = created_at WHERE terms <> '' AND replaced_at IS NULL")
    with op.batch_alter_table('codes', schema=None) as batch_op:
        batch_op.drop_index('uq_codes_current_course')
        batch_op.create_index('uq_codes_current_course', ['institution_id', 'student_id', 'course_id'], unique=True, sqlite_where=sa.text("scope = 'course' AND replaced_at IS NULL"), postgresql_where=sa.text("scope = 'course' AND replaced_at IS NULL"))
        batch_op.drop_column('terms')
        batch_op.drop_column('link_ends_at')
        batch_op.drop_column('link_ends_on')
        batch_op.drop_column('purpose')

    op.drop_table('acceptances')
    with op.batch_alter_table('end_requests', schema=None) as batch_op:
        batch_op.drop_index('uq_end_requests_open')

    op.drop_table('end_requests')
    op.drop_table('agreements')
