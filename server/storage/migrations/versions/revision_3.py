"""Revision 3: recordings of lives, clips, the objects that are to be deleted, and the people who
react to lives.
"""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "3"
down_revision = "2"


def upgrade(op: Operations) -> None:
    _create_recording(op)
    _create_recording_piece(op)
    _create_recording_segment(op)
    _create_clip(op)
    _create_discarded(op)
    _create_crowd_second(op)


def _create_recording(op: Operations) -> None:
    op.create_table(
        "recording",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("keep", sa.Text, nullable=False),
        sa.Column("server", sa.Text, nullable=False, server_default=""),
        sa.Column("began_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("delete_at", sa.Double),
        sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("recording_by_delete_at", "recording", ["delete_at"])
    op.create_index("recording_by_state", "recording", ["state", "server"])


def _create_recording_piece(op: Operations) -> None:
    op.create_table(
        "recording_piece",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("piece", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("init", sa.LargeBinary, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("media_time", sa.BigInteger, nullable=False),
    )


def _create_recording_segment(op: Operations) -> None:
    op.create_table(
        "recording_segment",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("piece", sa.Integer, nullable=False),
        sa.Column("media_time", sa.BigInteger, nullable=False),
        sa.Column("duration", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
    )
    op.create_index("recording_segment_by_time", "recording_segment", ["room", "media_time"])


def _create_clip(op: Operations) -> None:
    op.create_table(
        "clip",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("creator", sa.Text, nullable=False),
        sa.Column("person", sa.Text),
        sa.Column("title", sa.Text, nullable=False, server_default=""),
        sa.Column("caption", sa.Text, nullable=False, server_default=""),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("visibility", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("media_time", sa.BigInteger, nullable=False),
        sa.Column("duration", sa.BigInteger, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("pictures", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("server", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("published_at", sa.Double),
        sa.Column("deleted_at", sa.Double),
        sa.Column("deleted_by_creator", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("clip_by_room", "clip", ["room"])
    op.create_index("clip_by_creator", "clip", ["creator"])
    op.create_index("clip_by_person", "clip", ["person", "created_at"])
    op.create_index("clip_by_state", "clip", ["state", "created_at"])


def _create_discarded(op: Operations) -> None:
    op.create_table(
        "discarded",
        sa.Column("prefix", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("discarded_by_time", "discarded", ["at"])


def _create_crowd_second(op: Operations) -> None:
    op.create_table(
        "crowd_second",
        sa.Column("room", sa.Text, primary_key=True),
        sa.Column("second", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("people", sa.Integer, nullable=False),
    )
