"""The rules of what people do in a room: chat, reactions, presence, polls and moderation. Pure."""
