"""Databases for tests: a new SQLite file, and an emptied PostgreSQL database in a server of the tests' own."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import pytest


def _unprivileged() -> dict[str, str]:
    """PostgreSQL refuses to run as root: then it runs as the user that its package made."""
    return {"user": "postgres"} if os.geteuid() == 0 else {}


def _why_not() -> str | None:
    if not find_spec("psycopg"):
        return "psycopg is not installed (the extra `postgres`)"
    if not (shutil.which("initdb") and shutil.which("postgres")):
        return "no PostgreSQL server programs (initdb, postgres) on the path"
    return None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The folder of a running server's socket."""
    if reason := _why_not():
        pytest.skip(reason)
    folder = Path(mkdtemp(prefix="bm-pg-", dir="/tmp"))  # short: a socket's path has at most 107 bytes
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    make = ["initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(make, capture_output=True, check=True, **_unprivileged())
    serve = f"postgres -D {data} -k {folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(serve.split(), **quiet, **_unprivileged())
    try:
        _wait(folder)
        yield str(folder)
    finally:
        server.send_signal(signal.SIGQUIT)  # the others would wait for clients, or write everything down
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path) -> None:
    for _ in range(200):
        if subprocess.run([*_psql(folder), "select 1"], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.05)
    pytest.fail("PostgreSQL did not start")


def _psql(folder: Path | str) -> list[str]:
    return ["psql", "-h", str(folder), "-U", "postgres", "-c"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/monitor.db"
    folder = request.getfixturevalue("postgres")
    fresh = "drop schema public cascade; create schema public"
    subprocess.run([*_psql(folder), fresh], check=True, capture_output=True)
    return f"postgresql+psycopg://postgres@/postgres?host={folder}"
