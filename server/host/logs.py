"""The levels of the loggers."""

import logging

PACKAGES = ("relay", "server")


def set_level(level: str) -> None:
    """Lets microlive's loggers log at `level` or above, and the loggers of libraries such as aioice
    at warning or above.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(max(logging.WARNING, number))
    for package in PACKAGES:
        logging.getLogger(package).setLevel(number)
