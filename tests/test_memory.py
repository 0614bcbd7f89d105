"""Memory that work has freed goes back, and nothing breaks where the C library cannot do that."""

import ctypes
import subprocess
import sys

import pytest

from monitor.app import memory

CHURN = """
import ctypes, sys
from monitor.app.memory import trim
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
blocks = [libc.malloc(100_000) for _ in range(500)]
for block in blocks:
    ctypes.memset(ctypes.c_void_p(block), 1, 100_000)
for block in blocks[:-1]:
    libc.free(block)
resident = lambda: int(open("/proc/self/statm").read().split()[1])
before = resident()
trim()
print(before - resident())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="the C library is not glibc")
def test_freed_memory_goes_back() -> None:
    """What was freed below a block that is still used leaves the process."""
    run = subprocess.run([sys.executable, "-c", CHURN], capture_output=True, text=True, check=True)
    assert int(run.stdout) > 5_000  # pages; 500 blocks are 12,000


def test_other_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the C library has neither call, nothing happens."""
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    memory.share()
    memory.trim()
