"""Who holds leases: this process by name, and which of those names belong to processes that are dead."""

import functools
import os
import secrets
import socket


@functools.cache
def this_process() -> str:
    """This process's name as an owner of leases: host, process id, and a mark that tells it from its predecessors."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(owner: str, me: str) -> bool:
    """Whether the owner was a process of this host that is gone. Of other hosts nothing is known: they count as alive.

    A process id that was given to another process counts as alive, too, unless it was given to `me`.
    """
    (host, pid, mark), (my_host, my_pid, my_mark) = _parts(owner), _parts(me)
    if host != my_host or not pid.isdigit():
        return False
    if pid == my_pid:
        return mark != my_mark
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _parts(owner: str) -> tuple[str, str, str]:
    """Host, process id and mark; what is missing is empty."""
    host, pid, mark, *_ = [*owner.split(":"), "", ""]
    return host, pid, mark
