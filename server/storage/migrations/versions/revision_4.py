"""Revision 4: tags, search, announced lives, the sums of the feed, tastes, and push subscriptions.

The names of the lives, clips and people of older releases are added to the search at the start of
the server (`server.discovery.indexing`).
"""

import sqlalchemy as sa
from alembic.operations import Operations

revision = "4"
down_revision = "3"


def upgrade(op: Operations) -> None:
    _extend_person(op)
    _extend_room(op)
    _create_tag_use(op)
    _create_tag(op)
    _create_tag_hour(op)
    _create_search_gram(op)
    _create_announcement(op)
    _create_reminder(op)
    _create_taste(op)
    _create_feed_item(op)
    _create_push_subscription(op)
    _create_vapid_key(op)
    _create_pushed(op)


def _extend_person(op: Operations) -> None:
    op.add_column("person", sa.Column("bio", sa.Text, nullable=False, server_default=""))
    op.add_column("person", sa.Column("link", sa.Text, nullable=False, server_default=""))


def _extend_room(op: Operations) -> None:
    op.add_column("room", sa.Column("mood", sa.Text, nullable=False, server_default=""))
    op.add_column("room", sa.Column("viewers", sa.Integer, nullable=False, server_default="0"))


def _create_tag_use(op: Operations) -> None:
    op.create_table(
        "tag_use",
        sa.Column("tag", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("creator", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("tag_use_by_time", "tag_use", ["tag", "at"])
    op.create_index("tag_use_by_hour", "tag_use", ["at", "tag"])
    op.create_index("tag_use_by_item", "tag_use", ["item"])
    op.create_index("tag_use_by_creator", "tag_use", ["creator"])


def _create_tag(op: Operations) -> None:
    op.create_table(
        "tag",
        sa.Column("tag", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("challenge_by", sa.Text),
        sa.Column("challenge_clip", sa.Text),
        sa.Column("challenge_at", sa.Double),
    )
    op.create_index("tag_by_time", "tag", ["at"])
    op.create_index("tag_by_challenge", "tag", ["challenge_by"])
    op.create_index("tag_by_clip", "tag", ["challenge_clip"])


def _create_tag_hour(op: Operations) -> None:
    op.create_table(
        "tag_hour",
        sa.Column("tag", sa.Text, primary_key=True),
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("uses", sa.Integer, nullable=False),
    )
    op.create_index("tag_hour_by_hour", "tag_hour", ["hour"])


def _create_search_gram(op: Operations) -> None:
    op.create_table(
        "search_gram",
        sa.Column("gram", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("search_gram_by_time", "search_gram", ["gram", "kind", "at", "item"])
    op.create_index("search_gram_by_item", "search_gram", ["item"])


def _create_announcement(op: Operations) -> None:
    op.create_table(
        "announcement",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("starts_at", sa.Double, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("room", sa.Text),
        sa.Column("reminded_at", sa.Double),
    )
    op.create_index("announcement_by_person", "announcement", ["person", "starts_at"])
    op.create_index("announcement_by_start", "announcement", ["starts_at"])
    op.create_index("announcement_by_room", "announcement", ["room"])


def _create_reminder(op: Operations) -> None:
    op.create_table(
        "reminder",
        sa.Column("announcement", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("reminder_by_person", "reminder", ["person"])


def _create_taste(op: Operations) -> None:
    op.create_table(
        "taste",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("personal", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("value", sa.Text, nullable=False, server_default=""),
        sa.Column("at", sa.Double, nullable=False),
    )


def _create_feed_item(op: Operations) -> None:
    op.create_table(
        "feed_item",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("impressions", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("stays", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("skips", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("seconds", sa.Double, nullable=False, server_default="0"),
        sa.Column("first_at", sa.Double, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("feed_item_by_item", "feed_item", ["item"])
    op.create_index("feed_item_by_time", "feed_item", ["kind", "at"])


def _create_push_subscription(op: Operations) -> None:
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("endpoint_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("p256dh", sa.Text, nullable=False),
        sa.Column("auth", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("push_subscription_by_person", "push_subscription", ["person"])
    op.create_index("push_subscription_by_device", "push_subscription", ["device"])


def _create_vapid_key(op: Operations) -> None:
    op.create_table(
        "vapid_key",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("private_key", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )


def _create_pushed(op: Operations) -> None:
    op.create_table(
        "pushed",
        sa.Column("creator", sa.Text, primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.create_index("pushed_by_time", "pushed", ["at"])
