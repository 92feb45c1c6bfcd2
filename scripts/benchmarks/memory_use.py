"""Memory use of one page. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Memory of one page, and CPU time of its browser."""

    heap: float
    """JavaScript heap of the page, its workers and its worklets, MB."""
    renderer: float
    """Anonymous memory of the page's renderer process, MB."""
    spent: float
    """CPU time of all processes of the page's browser since they started, seconds."""
