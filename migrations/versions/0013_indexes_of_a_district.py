"""indexes that a district of 100,000 students needs: to find by observer, and to delete what is over"""

from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

# Built at once, for CREATE INDEX CONCURRENTLY cannot be undone with the rest; none of these tables is large.
INDEXES = (
    ('ix_links_observer', 'links', ['institution_id', 'observer_id']),
    ('ix_links_code', 'links', ['code_id']),
    ('ix_codes_student', 'codes', ['institution_id', 'student_id']),
    ('ix_codes_issuer', 'codes', ['institution_id', 'issuer_id']),
    ('ix_lti_launches_person', 'lti_launches', ['institution_id', 'person_id']),
    ('ix_portal_sessions_person', 'portal_sessions', ['institution_id', 'person_id']),
    ('ix_acceptances_person', 'acceptances', ['institution_id', 'person_id']),
    ('ix_sign_ups_person', 'sign_ups', ['institution_id', 'person_id']),
    ('ix_sign_ups_code', 'sign_ups', ['code_id']),
    ('ix_sign_ups_link', 'sign_ups', ['link_id']),
)


def upgrade():
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade():
    for name, table, _columns in reversed(INDEXES):
        op.drop_index(name, table)
