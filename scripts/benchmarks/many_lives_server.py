"""Runs the server with lives that have no media, for `scripts/bench feedapi`: the lives that are
stored as on air when the server starts stay in the feed, although their creators are away.

    python -m scripts.benchmarks.many_lives_server serve …
"""

import server.feed.candidates
from server.__main__ import main

if __name__ == "__main__":
    server.feed.candidates.AWAY = float("inf")
    main()
