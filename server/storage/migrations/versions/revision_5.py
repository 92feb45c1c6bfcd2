"""Revision 5: what people do in the lives of other servers, when they had their taste forgotten,
and an index of hides.

For some hours revision 4 made all of this, so it may be there already.
"""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "5"
down_revision = "4"


def upgrade(op: Operations) -> None:
    op.create_index("hidden_by_time", "hidden", ["at"], if_not_exists=True)
    _create_live_activity(op)
    _extend_taste(op)


def _create_live_activity(op: Operations) -> None:
    op.create_table(
        "live_activity",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("viewers", sa.Integer, nullable=False),
        sa.Column("arrivals", sa.Integer, nullable=False),
        sa.Column("reactors", sa.Integer, nullable=False),
        sa.Column("usual_reactors", sa.Double, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        if_not_exists=True,
    )
    op.create_index("live_activity_by_time", "live_activity", ["at"], if_not_exists=True)


def _extend_taste(op: Operations) -> None:
    # SQLite has no ADD COLUMN IF NOT EXISTS.
    known = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("taste")}
    if "forgotten_at" not in known:
        forgotten_at = sa.Column("forgotten_at", sa.Double, nullable=False, server_default="0")
        op.add_column("taste", forgotten_at)
