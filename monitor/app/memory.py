"""Keeps the process small: memory that work has freed goes back to the system. Knows glibc only."""

import ctypes

ARENA_MAX = -8
"""The number of mallopt(3)'s M_ARENA_MAX."""


def share() -> None:
    """Let all threads allocate from one heap. To be called before threads start.

    glibc gives each thread a heap of its own, and each keeps what the largest batch of articles ever took there:
    tens of megabytes in all.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(ARENA_MAX, 1)


def trim() -> None:
    """Return what is free. Takes milliseconds; does nothing where the C library is another."""
    release = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if release is not None:
        release(0)
