"""Checks whether the server may run as root."""

from server.settings import Settings, SettingsError

PRIVILEGED_BELOW = 1_024
"""Ports below this number need a privilege."""
ADVICE = (
    "install server/microlive.service, which runs microlive as an unprivileged user with "
    "AmbientCapabilities=CAP_NET_BIND_SERVICE, or give --allow-root"
)


def root_warning(settings: Settings, user_id: int) -> str:
    """Returns a warning if the server runs as root, otherwise an empty string. Raises SettingsError
    if root is used for a port below 1024. `user_id`: the effective user id.
    """
    if user_id or settings.allow_root:
        return ""
    ports = {"port": settings.port, "udp_port": settings.udp_port or settings.port}
    if settings.lan:
        ports["lan_port"] = settings.lan_port
    for name, port in ports.items():
        if 0 < port < PRIVILEGED_BELOW:
            raise SettingsError(
                [f"{name} {port}: microlive does not run as root for a low port: {ADVICE}"]
            )
    return f"microlive runs as root, but needs no rights of root: {ADVICE}"
