"""The layout's rules, checked on the source itself: who may import whom, and what a pure module may do."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "monitor"
LAYERS = [
    set(layer.split())
    for layer in """config domain errors
text
buttons cluster commands decide explain keywords misses normalize opml parse places render schedule score trend verdicts watch
schema
apprise chart classifier fetch logs metrics store telegram
changes deliver pipeline trail
chat evaluate seeds tune web
app applying backtest demo lessons train
__main__ cli""".splitlines()
]
PURE = {"domain", "errors", "text", "tune", "lessons", *LAYERS[2]}
IO = {"httpx", "sqlalchemy", "sqlite3", "telegram", "apscheduler", "onnxruntime", "transformers", "asyncio", "socket"}
IO |= {"os", "subprocess", "random", "secrets", "time", "pathlib", "shutil", "threading", "urllib.request", "yaml"}
IMPURE_CALLS = {"now", "utcnow", "today", "open", "print", "input", "read_text", "write_text"}
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """The flat module that a file belongs to: monitor/config/yaml.py belongs to config."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rank(module: str) -> int:
    """The layer's number, from the bottom."""
    return next(i for i, layer in enumerate(LAYERS) if module in layer)


def imports(tree: ast.AST) -> set[str]:
    """Every module named by an import statement, wherever it stands."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} if node.module != "monitor" else {f"monitor.{a.name}" for a in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_down(path: Path) -> None:
    """A module imports only what lies below it, and never a sibling; a pure module imports no I/O library."""
    tree, module = ast.parse(path.read_text("utf-8")), module_of(path)
    if module == "__init__":
        return
    for name in imports(tree):
        parts = name.split(".")
        if parts[0] == "monitor" and len(parts) > 1 and parts[1] not in {module, "__version__"}:
            below = rank(parts[1]) < rank(module) or {module, parts[1]} <= LAYERS[0] or module == "__main__"
            assert below, f"{path}: {module} must not import {parts[1]}"
        if module in PURE:
            assert not {parts[0], name} & IO, f"{path}: the pure {module} imports {name}"
    calls = {n.func for n in ast.walk(tree) if isinstance(n, ast.Call)}
    names = {f.attr if isinstance(f, ast.Attribute) else getattr(f, "id", "") for f in calls}
    assert module not in PURE or not names & IMPURE_CALLS, f"{path}: a pure module calls {names & IMPURE_CALLS}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_modules_are_small(path: Path) -> None:
    """No module reaches 400 lines."""
    assert len(path.read_text("utf-8").splitlines()) < 400


def test_importing_does_nothing() -> None:
    """Importing every module prints nothing and brings in no torch."""
    names = [".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts) for p in FILES if p.stem != "__main__"]
    code = f"import sys, importlib\nfor n in {names!r}: importlib.import_module(n)\nassert 'torch' not in sys.modules"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
