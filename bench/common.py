"""What the benches share: the machine in words, tables, texts, and the processes that they start."""

import contextlib
import gzip
import json
import os
import platform
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def machine() -> str:
    """The machine's class, the date, and how busy it was before: figures of a busy machine say little."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python, load = platform.python_version(), os.getloadavg()[0]
    return f"{datetime.now(UTC):%Y-%m-%d}: {cores()} cores of {cpu}, {memory:.0f} GB, Python {python}, load before {load:.1f}"


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[object]], notes: Sequence[str] = ()) -> None:
    """Print a Markdown table that is readable on a terminal, too."""
    cells = [list(map(str, row)) for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    print(f"{title}\n", lines[0], rule, *lines[1:], *(f"\n{note}" for note in notes), "", sep="\n", flush=True)


def say(text: str) -> None:
    """Tell how far it is, on standard error."""
    print(text, file=sys.stderr, flush=True)


def texts(count: int, file: str | None = None) -> list[tuple[str, str]]:
    """Titles and summaries, spread evenly over the project's seeds or over the records of a JSON Lines file."""
    if file is None:
        from monitor.seeds import read_seeds

        pairs = [(seed.title, seed.summary) for seed in read_seeds(ROOT / "seeds")]
    else:
        path = Path(file)
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        records = [json.loads(line) for line in raw.decode("utf-8").splitlines() if line.strip()]
        pairs = [(record["title"], record.get("summary") or "") for record in records]
    step = max(1, len(pairs) // count)
    return pairs[::step][:count]


def news(count: int) -> list[tuple[str, str]]:
    """Titles and summaries of the project's seeds, one in fifty relevant: still several times as many as in the news."""
    from monitor.seeds import read_seeds

    seeds = read_seeds(ROOT / "seeds")
    calm = [(seed.title, seed.summary) for seed in seeds if not seed.relevant]
    grave = [(seed.title, seed.summary) for seed in seeds if seed.relevant]
    apart, near = max(1, len(calm) // count), max(1, 50 * len(grave) // count)
    return [grave[(i // 50 * near) % len(grave)] if i % 50 == 25 else calm[i * apart % len(calm)] for i in range(count)]


@contextlib.contextmanager
def process(*command: str, **options: object) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own, ended with the block."""
    child = subprocess.Popen(command, text=True, **options)  # type: ignore[call-overload]
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()


def quiet() -> None:
    """Leave the program's own log lines out, as a service's log file would: they cost time on a terminal."""
    from monitor import logs

    logs.configure(quiet=True)


class Newsroom:
    """The feed server of serve.py in its own process; see there for what can be asked of it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, feed: int, hosts: bool = False) -> str:
        """The address of a feed; with `hosts`, each feed has a loopback address of its own."""
        host = f"127.0.{1 + feed // 200}.{1 + feed % 200}" if hosts else "127.0.0.1"
        return f"http://{host}:{self.port}/{feed}.xml"

    def turn(self, *, mode: str, generation: int) -> None:
        """From now on answer in this mode, with this generation of items."""
        address = f"http://127.0.0.1:{self.port}/turn/{mode}/{generation}"
        with urllib.request.urlopen(address, timeout=60) as answer:
            answer.read()


@contextlib.contextmanager
def newsroom(feeds: int, items: int, new: int, hosts: bool = False) -> Iterator[Newsroom]:
    """Start the feed server."""
    options = [str(feeds), str(items), str(new), "hosts" if hosts else "one"]
    script = str(Path(__file__).with_name("serve.py"))
    with process(sys.executable, script, *options, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield Newsroom(int(server.stdout.readline()))


CONFIGURATION = """
storage: {{url: 'sqlite:///{database}'}}
polling: {{allow_private: true, host_delay: 0s, per_host: 16, min_interval: {minimum}}}
telegram: {{{telegram}}}
"""


def configuration(
    folder: Path, urls: Sequence[str], telegram: str = "", interval: str | None = None, minimum: str = "1m"
) -> Path:
    """A configuration folder with these feeds and the shipped keyword rules."""
    folder.mkdir(parents=True, exist_ok=True)
    text = CONFIGURATION.format(database=folder / "state.db", telegram=telegram, minimum=minimum)
    (folder / "monitor.yaml").write_text(text)
    (folder / "keywords.yaml").write_bytes((ROOT / "config" / "keywords.yaml").read_bytes())
    pace = f", interval: {interval}" if interval else ""
    rows = [f"- {{name: 'feed {i}', url: '{url}', outlet: 'outlet {i}'{pace}}}" for i, url in enumerate(urls)]
    (folder / "sources.yaml").write_text("sources:\n" + "\n".join(rows) + "\n")
    return folder


def daemon(folder: Path, **environment: str) -> "contextlib.AbstractContextManager[subprocess.Popen[str]]":
    """`balkan-monitor run` over a configuration folder; its log goes to `log` there."""
    log = (folder / "log").open("w")
    command = (sys.executable, "-m", "monitor", "--config", str(folder), "run")
    return process(*command, stderr=log, stdout=log, cwd=ROOT, env=os.environ | environment)


def wait(what: str, done: "object", seconds: float, step: float = 0.2) -> None:
    """Wait until `done()` holds; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} seconds for {what}")
        time.sleep(step)
