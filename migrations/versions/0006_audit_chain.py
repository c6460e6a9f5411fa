"""audit events in a chain, which the database keeps append only"""

import json

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

SQLITE = (
    """
    CREATE TRIGGER audit_events_stay_as_they_are BEFORE UPDATE ON audit_events BEGIN
      SELECT RAISE(ABORT, 'audit events are append only');
    END
    """,
    """
    CREATE TRIGGER audit_events_stay BEFORE DELETE ON audit_events
    WHEN OLD.number > coalesce(
      (SELECT cut_number FROM audit_heads WHERE institution_id = OLD.institution_id), 0)
    BEGIN
      SELECT RAISE(ABORT, 'audit events are append only');
    END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION audit_events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP = 'DELETE' THEN
        PERFORM 1 FROM audit_heads WHERE institution_id = OLD.institution_id AND cut_number >= OLD.number;
        IF FOUND THEN RETURN OLD; END IF;
      END IF;
      RAISE EXCEPTION 'audit events are append only';
    END $$
    """,
    """
    CREATE TRIGGER audit_events_stay_as_they_are BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_append_only()
    """,
    """
    CREATE TRIGGER audit_events_stay BEFORE TRUNCATE ON audit_events
    EXECUTE FUNCTION audit_events_append_only()
    """,
)
# Events from before the chain get numbers and can be searched, but nothing proves them.
NUMBER = """
    UPDATE audit_events SET digest = '', number = (SELECT numbered.n FROM
      (SELECT id, row_number() OVER (PARTITION BY institution_id ORDER BY id) AS n FROM audit_events) AS numbered
      WHERE numbered.id = audit_events.id)
"""
NUMBER_POSTGRESQL = """
    UPDATE audit_events SET digest = '', number = numbered.n,
      student_id = CASE WHEN facts->>'student' ~ '^[0-9]{1,9}$' THEN (facts->>'student')::integer END,
      course_id = facts->>'course'
    FROM
      (SELECT id, row_number() OVER (PARTITION BY institution_id ORDER BY id) AS n FROM audit_events) AS numbered
    WHERE numbered.id = audit_events.id
"""
LOOK_INTO_FACTS = """
    UPDATE audit_events SET student_id = json_extract(facts, '$.student'), course_id = json_extract(facts, '$.course')
"""


def upgrade():
    postgresql = op.get_bind().dialect.name == 'postgresql'
    op.create_table('audit_heads',
    sa.Column('institution_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('cut_number', sa.Integer(), nullable=False),
    sa.Column('cut_digest', sa.Text(), nullable=False),
    sa.Column('signature', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['institution_id'], ['institutions.id'], name=op.f('fk_audit_heads_institution_id')),
    sa.PrimaryKeyConstraint('institution_id', name=op.f('pk_audit_heads'))
    )
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.add_column(sa.Column('number', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('student_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('observer_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('course_id', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('policy', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('digest', sa.Text(), nullable=True))

    for statement in [NUMBER_POSTGRESQL] if postgresql else [NUMBER, LOOK_INTO_FACTS]:
        op.execute(statement)
    begin_chains()

    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        batch_op.alter_column('number', existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column('digest', existing_type=sa.Text(), nullable=False)
        batch_op.create_unique_constraint(batch_op.f('uq_audit_events_institution_id_number'), ['institution_id', 'number'])
        batch_op.create_index('ix_audit_events_event', ['institution_id', 'event', 'number'], unique=False)
        for word in ('actor', 'student', 'observer', 'course'):
            filled = sa.text(f'{word}_id IS NOT NULL')
            batch_op.create_index(f'ix_audit_events_{word}', ['institution_id', f'{word}_id', 'number'], unique=False, sqlite_where=filled, postgresql_where=filled)

    for statement in POSTGRESQL if postgresql else SQLITE:
        op.execute(statement)


def begin_chains():
    """Let each chain begin after the events that are there."""
    found = op.get_bind().execute(sa.text('SELECT institution_id, max(number) FROM audit_events GROUP BY 1')).all()
    for institution_id, number in found:
        head = {'institution_id': institution_id, 'number': number, 'digest': '', 'cut_number': number, 'cut_digest': ''}
        signature = current_app.extensions['keyring'].sign('audit ' + json.dumps(head, sort_keys=True))
        op.get_bind().execute(
            sa.text('INSERT INTO audit_heads VALUES (:institution_id, :number, :digest, :cut_number, :cut_digest, :signature)'),
            {**head, 'signature': signature},
        )


def downgrade():
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER audit_events_stay ON audit_events')
        op.execute('DROP TRIGGER audit_events_stay_as_they_are ON audit_events')
        op.execute('DROP FUNCTION audit_events_append_only()')
    else:
        op.execute('DROP TRIGGER audit_events_stay')
        op.execute('DROP TRIGGER audit_events_stay_as_they_are')
    with op.batch_alter_table('audit_events', schema=None) as batch_op:
        for word in ('course', 'observer', 'student', 'actor', 'event'):
            batch_op.drop_index(f'ix_audit_events_{word}')
        batch_op.drop_constraint(batch_op.f('uq_audit_events_institution_id_number'), type_='unique')
        for column in ('digest', 'policy', 'course_id', 'observer_id', 'student_id', 'number'):
            batch_op.drop_column(column)

    op.drop_table('audit_heads')
