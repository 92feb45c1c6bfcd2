"""How people find lives, clips and each other: tags, search, announced lives, the sums of the feed,
tastes, and push subscriptions.

An item is a live or its replay (the id is the room), a clip, a person or a tag. The rows of an item
are deleted with the item (`server.storage.items`).
"""

import sqlalchemy as sa

from server.storage.schema.metadata import metadata

# The tags in the title of a public live or clip.
tag_use = sa.Table(
    "tag_use",
    metadata,
    # The tag in the form in which tags are compared (server/discovery/tags.py).
    sa.Column("tag", sa.Text, primary_key=True),
    # `live` or `clip`.
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    # The creator of the live: the owner of the room, or `room:{room}`.
    sa.Column("creator", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("tag_use_by_time", "tag", "at"),
    sa.Index("tag_use_by_hour", "at", "tag"),
    sa.Index("tag_use_by_item", "item"),
    sa.Index("tag_use_by_creator", "creator"),
)

tag = sa.Table(
    "tag",
    metadata,
    sa.Column("tag", sa.Text, primary_key=True),
    # The tag as it was first written.
    sa.Column("name", sa.Text, nullable=False),
    # Time of the first use.
    sa.Column("at", sa.Double, nullable=False),
    # A challenge is a tag with a pinned clip: the person who pinned the clip, the clip, and when.
    sa.Column("challenge_by", sa.Text),
    sa.Column("challenge_clip", sa.Text),
    sa.Column("challenge_at", sa.Double),
    sa.Index("tag_by_time", "at"),
    sa.Index("tag_by_challenge", "challenge_by"),
    sa.Index("tag_by_clip", "challenge_clip"),
)

# How many creators used a tag in an hour.
tag_hour = sa.Table(
    "tag_hour",
    metadata,
    sa.Column("tag", sa.Text, primary_key=True),
    # Hours since 1970.
    sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Index("tag_hour_by_hour", "hour"),
)

# The pairs of characters in the names of public items (server/discovery/grams.py).
search_gram = sa.Table(
    "search_gram",
    metadata,
    sa.Column("gram", sa.Text, primary_key=True),
    # `person`, `live` (also after its end), `clip` or `tag`.
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    # Time of the item. The latest items are searched first.
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("search_gram_by_time", "gram", "kind", "at", "item"),
    sa.Index("search_gram_by_item", "item"),
)

announcement = sa.Table(
    "announcement",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("starts_at", sa.Double, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    # The live that was announced; NULL until the person goes live.
    sa.Column("room", sa.Text),
    # When a server began to send the reminders; NULL before that.
    sa.Column("reminded_at", sa.Double),
    sa.Index("announcement_by_person", "person", "starts_at"),
    sa.Index("announcement_by_start", "starts_at"),
    sa.Index("announcement_by_room", "room"),
)

reminder = sa.Table(
    "reminder",
    metadata,
    sa.Column("announcement", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("reminder_by_person", "person"),
)

taste = sa.Table(
    "taste",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    # Whether the feed of the person may use the taste.
    sa.Column("personal", sa.Boolean, nullable=False, server_default=sa.true()),
    # JSON (server/feed/taste.py), 2 KB at most.
    sa.Column("value", sa.Text, nullable=False, server_default=""),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("forgotten_at", sa.Double, nullable=False, server_default="0"),
)

# What viewers of the feed did with an item, summed over all servers.
feed_item = sa.Table(
    "feed_item",
    metadata,
    # `live`, `clip` or `replay`.
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("impressions", sa.BigInteger, nullable=False, server_default="0"),
    # Views of at least 8 s, and views that ended within 3 s.
    sa.Column("stays", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("skips", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("seconds", sa.Double, nullable=False, server_default="0"),
    sa.Column("first_at", sa.Double, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("feed_item_by_item", "item"),
    sa.Index("feed_item_by_time", "kind", "at"),
)

push_subscription = sa.Table(
    "push_subscription",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    # The browser. When it is signed out, it gets no more pushes.
    sa.Column("device", sa.Text, nullable=False),
    # SHA-256 of the endpoint.
    sa.Column("endpoint_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("endpoint", sa.Text, nullable=False),
    # Keys of the browser, base64url (RFC 8291 §2.1, §3.2).
    sa.Column("p256dh", sa.Text, nullable=False),
    sa.Column("auth", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Index("push_subscription_by_person", "person"),
    sa.Index("push_subscription_by_device", "device"),
)

# One row: the key with which this installation signs its pushes (RFC 8292).
vapid_key = sa.Table(
    "vapid_key",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("private_key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
)

# The last push about each creator.
pushed = sa.Table(
    "pushed",
    metadata,
    sa.Column("creator", sa.Text, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
    sa.Index("pushed_by_time", "at"),
)
