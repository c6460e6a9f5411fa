"""Which secret key has signed the end of an audit chain."""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'


def upgrade() -> None:
    """Add the key's name."""
    op.add_column("audit_heads", sa.Column("signer", sa.Text(), nullable=True))


def downgrade() -> None:
    """Forget it: signatures are tried with every key."""
    op.drop_column("audit_heads", "signer")
