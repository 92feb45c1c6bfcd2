"""Memory use of one page. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Memory use of one page, MB."""

    heap: float
    """JavaScript heap, including workers and worklets."""
    renderer: float
    """Anonymous memory of the renderer process."""
    spent: float
    """CPU seconds of all processes of its browser since they started."""
