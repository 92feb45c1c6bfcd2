"""Posters of running lives and of replays, for cards, the feed and lock screens."""
