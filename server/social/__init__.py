"""The rules of the social parts of a room: chat, reactions, presence, polls, moderation. Pure."""
