"""Tells systemd that the service is ready, alive or stopping; does nothing where there is no systemd."""

import os
import socket


def notify(state: str) -> None:
    """Send one message such as `READY=1` (sd_notify(3)). Failing to tell is no reason to stop."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
            client.sendto(state.encode(), address)
    except OSError:
        pass
