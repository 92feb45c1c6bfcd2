"""The feed: which lives, clips and replays a viewer sees next, and why (RANKING.md)."""
