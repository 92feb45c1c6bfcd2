"""The clock of a page, compared with the clock of this process."""

import time

from scripts.benchmarks.chromium import Evaluator

TRIES = 20


async def offset_of(page: Evaluator) -> float:
    """Returns the offset in seconds from the page's performance.now() to this process's monotonic
    clock. Both clocks run at the same speed, but have different origins. Asks the page several
    times and uses the fastest answer, which is the most precise.
    """
    found = []
    for _ in range(TRIES):
        asked = time.monotonic()
        page_ms = float(await page.evaluate("performance.now()"))
        answered = time.monotonic()
        found.append((answered - asked, (asked + answered) / 2 - page_ms / 1_000))
    return min(found)[1]
