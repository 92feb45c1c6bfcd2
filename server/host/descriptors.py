"""Raises the limit of file descriptors. A viewer needs two descriptors, and the default limit is
often 1,024 although the system allows many more.
"""

import resource


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
