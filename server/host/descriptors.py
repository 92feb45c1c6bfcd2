"""Raises the limit of file descriptors. A viewer needs two descriptors, and the default limit is
often 1,024 although the system allows many more.
"""

import resource

RESERVED = 128
"""Number of descriptors for everything except TCP connections."""


def raise_limit() -> int:
    """Raises the limit of file descriptors as far as possible without privileges. Returns the new
    limit.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # a container may forbid it: keep the present limit
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most


def most_connections() -> int:
    """Returns the maximum number of TCP connections. The number is half of the available file
    descriptors, because a viewer over a WebSocket needs two descriptors.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(1, (limit - RESERVED) // 2)
