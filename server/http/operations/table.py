"""All operations of the HTTP interface. Tests compare them with the server's routes."""

from server.http.operations import (
    admin,
    chat,
    clips,
    discovery,
    feed,
    media,
    moderation,
    people,
    polls,
    push,
    reports,
    rooms,
    server,
    sign_in,
)

OPERATIONS = (
    *server.OPERATIONS,
    *people.OPERATIONS,
    *sign_in.OPERATIONS,
    *rooms.OPERATIONS,
    *chat.OPERATIONS,
    *polls.OPERATIONS,
    *push.OPERATIONS,
    *clips.OPERATIONS,
    *discovery.OPERATIONS,
    *feed.OPERATIONS,
    *moderation.OPERATIONS,
    *reports.OPERATIONS,
    *media.OPERATIONS,
    *admin.OPERATIONS,
)
"""Every operation. In each module of operations, the tuple of the same name contains the operations
of that module.
"""
