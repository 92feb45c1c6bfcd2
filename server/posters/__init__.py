"""Posters of running lives, for cards, the feed and lock screens."""
