"""The messages, reactions and votes of viewers during a live."""

import sqlalchemy as sa

from server.storage.schema.metadata import metadata

message = sa.Table(
    "message",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    # Number that the room gives to the message, from 1.
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    # NULL for a line of the system, and for a message of a deleted person.
    sa.Column("person", sa.Text),
    # Id that the page chooses, so that a message that is sent twice is stored once.
    sa.Column("client_id", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("colour", sa.Integer, nullable=False),
    sa.Column("handle", sa.Text),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    # µs; NULL if the author's picture had no media time.
    sa.Column("media_time", sa.BigInteger),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("reply_to", sa.BigInteger),
    sa.Column("kind", sa.Text, nullable=False, server_default="chat"),
    sa.Column("state", sa.Text, nullable=False, server_default="shown"),
    sa.Column("removed_by", sa.Text),
    sa.Column("removed_at", sa.Double),
    # The pinned message of a room is the one with the latest time.
    sa.Column("pinned_at", sa.Double),
    sa.Index("message_once", "room", "person", "client_id", unique=True),
    # The download of personal data reads messages in this order.
    sa.Index("message_by_person", "person", "room", "sequence"),
)

reaction_second = sa.Table(
    "reaction_second",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    # Of media time.
    sa.Column("second", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("emoji", sa.Text, primary_key=True),
    sa.Column("taps", sa.BigInteger, nullable=False),
    sa.Column("people", sa.Integer, nullable=False),
    # People whose first tap of the window of 5 s is in this second.
    sa.Column("first_people", sa.Integer, nullable=False),
)

# The people who begin to react, with a tap or a message (server/social/crowd.py).
crowd_second = sa.Table(
    "crowd_second",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    # Of media time.
    sa.Column("second", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("people", sa.Integer, nullable=False),
)

poll = sa.Table(
    "poll",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("question", sa.Text, nullable=False),
    # A JSON list of texts.
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("closed_at", sa.Double),
    # µs.
    sa.Column("media_time", sa.BigInteger),
)

vote = sa.Table(
    "vote",
    metadata,
    sa.Column("room", sa.Text, primary_key=True),
    sa.Column("poll", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    # Index of the answer.
    sa.Column("answer", sa.Integer, nullable=False),
    sa.Index("vote_by_person", "person"),
)
