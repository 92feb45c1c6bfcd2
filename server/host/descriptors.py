"""File descriptors: a viewer takes two, and what a shell or a service gives at first is often 1,024
of the many that it may have.
"""

import resource


def raise_limit() -> int:
    """Takes all the descriptors that this process may have without anybody's leave. Returns how
    many.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # a container may forbid even that: go on with what there is
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most
