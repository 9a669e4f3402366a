"""The boundaries of docs/design.md, each held by a test."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from harness.analysis.reading import no_collection

ROOT = Path(__file__).parents[2]
SOURCES = [path for part in ("harness", "runner") for path in (ROOT / part).rglob("*.py")]
#: The rooms of harness/ from the top floor down: each imports from floors below its own, and from itself.
FLOORS = [
    {"__init__", "__main__"},
    {"cli", "api"},
    {"repeating", "explaining", "agreeing", "comparing", "showing", "noise"},
    {"pipeline"},
    {"judging"},
    {"report", "clips"},
    {"plan", "execute", "agreement"},
    {"preflight", "scoring"},
    {"images", "data", "analysis"},
    {"catalogue", "knobs"},
    {"documents"},
    {"host"},
    {"progress"},
    {"text", "paths", "errors"},
]
#: What is derived from documents alone never looks at this host.
DERIVED, LOOKING = {"analysis", "report"}, {"data", "images", "preflight", "plan", "execute", "host"}
#: Where a library stands, and nowhere else.
PLACES = {
    "docker": {"harness/images/engine.py"},
    "pynvml": {"harness/host/gpus.py"},
    "rich": {path.relative_to(ROOT).as_posix() for path in (ROOT / "harness" / "cli").rglob("*.py")},
    "typer": {path.relative_to(ROOT).as_posix() for path in (ROOT / "harness" / "cli").rglob("*.py")},
}
LONG_FUNCTIONS_WITH_A_REASON = {
    "harness/cli/measuring.py:run",  # one parameter an option, and nothing else
    "harness/api/measuring.py:run",  # one keyword an option, and a line on each
}


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return every node of a module; not to be changed, since it is returned again."""
    with no_collection():  # what it raises is shown with its source, parsed as well: CPython 3.11 can't do both at once
        return list(ast.walk(ast.parse(path.read_text())))


@cache
def imports(path: Path) -> set[str]:
    """Return every name that a module imports; not to be changed, since it is returned again."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def importers(package: str, among: str) -> set[str]:
    found = set()
    for path in (ROOT / among).rglob("*.py"):
        if any(name == package or name.startswith(package + ".") for name in imports(path)):
            found.add(path.relative_to(ROOT).as_posix())
    return found


def rooms(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the room of a module of harness/ beside each that it imports from."""
    here = path.relative_to(ROOT / "harness").parts[0].removesuffix(".py")
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "harness" and len(parts) > 1 and parts[1] != "__version__":
            yield here, parts[1]


def floor(room: str) -> int:
    (number,) = (number for number, floor in enumerate(FLOORS) if room in floor)
    return number


def test_imports_run_down_the_floors() -> None:
    for path in (ROOT / "harness").rglob("*.py"):
        for here, there in rooms(path):
            assert here == there or floor(here) < floor(there), f"{path} imports {there}"


def test_what_is_derived_never_looks_at_the_host() -> None:
    for path in (ROOT / "harness").rglob("*.py"):
        for here, there in rooms(path):
            assert not (here in DERIVED and there in LOOKING), f"{path} imports {there}"


@pytest.mark.parametrize("package", PLACES)
def test_a_library_has_one_place(package: str) -> None:
    assert importers(package, among="harness") <= PLACES[package]


def test_tables_are_laid_out_in_one_place() -> None:
    assert importers("rich.table", among="harness") == {
        "harness/cli/pages.py",
        "harness/cli/columns.py",  # those of bars
        "harness/cli/live.py",
    }


def test_what_is_private_stays_in_its_module() -> None:
    for path, node in ((source, node) for source in SOURCES for node in nodes(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("harness", "runner"):
            taken = [alias.name for alias in node.names if alias.name.startswith("_") and alias.name[1] != "_"]
            assert not taken, path


def test_the_runner_never_imports_the_harness() -> None:
    assert importers("harness", among="runner") == set()


def test_the_harness_imports_only_the_contract_of_the_runner() -> None:
    for path in (ROOT / "harness").rglob("*.py"):
        for name in imports(path):
            assert not name.startswith("runner.") or name.split(".")[1] == "contract", f"{path}: {name}"


def test_the_contract_needs_numpy_at_most() -> None:
    for path in (ROOT / "runner" / "contract").glob("*.py"):
        for name in imports(path):
            assert name.split(".")[0] in sys.stdlib_module_names | {"numpy", "runner"}, f"{path.name}: {name}"


def test_the_contract_itself_needs_no_numpy() -> None:
    seen, pending = set(), ["runner.contract"]
    while pending:
        module = pending.pop()
        place = ROOT / module.replace(".", "/")
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if module in seen or not path.is_file():
            continue
        seen.add(module)
        assert not any(name.split(".")[0] == "numpy" for name in imports(path)), path
        pending += [name for name in imports(path) if name.startswith("runner")]
    assert "runner.contract.result" in seen


def test_a_command_parses_calls_and_prints() -> None:
    """What is short has no logic; and none of them leans on another."""
    for path in (ROOT / "harness" / "cli").rglob("*.py"):
        assert path.read_text().count("\n") <= 120, path
        if path.parent.name == "commands":
            assert not [name for name in imports(path) if name.startswith("harness.cli.commands.")], path


def test_the_runner_needs_no_more_than_it_says() -> None:
    known = {"torch", "torchvision", "numpy", "psutil", "pynvml", "safetensors", "PIL", "cv2", "runner"}
    needed: dict[str, set[str]] = {}
    for path in (ROOT / "runner").rglob("*.py"):
        for name in imports(path):
            if name.split(".")[0] not in sys.stdlib_module_names | known:
                needed.setdefault(name.split(".")[0], set()).add(path.name)
    assert needed == {"pycocotools": {"masks.py"}}


def test_the_check_of_a_gpu_needs_no_more_than_the_runner_and_pytest() -> None:
    """The rare machine that has a GPU has these, and perhaps no network; part 8 brings what the harness needs."""
    packages = {"cv2", "numpy", "PIL", "psutil", "pynvml", "pytest", "runner", "safetensors", "torch", "torchvision"}
    for path in (ROOT / "tests" / "gpu").glob("*.py"):
        for name in imports(path):
            known = name.split(".")[0] in sys.stdlib_module_names | packages
            assert known or name.startswith("tests.gpu"), f"{path.name}: {name}"


def test_version_branches_live_in_compat_alone() -> None:
    for path in (ROOT / "runner").glob("*.py"):
        if path.name not in ("compat.py", "software.py"):
            assert "hasattr(torch" not in path.read_text(), path
            assert "version_info" not in path.read_text(), path


def test_modules_and_functions_stay_small() -> None:
    for path in SOURCES:
        assert path.read_text().count("\n") <= 270, f"{path}: what is it hiding?"
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef):
                name = f"{path.relative_to(ROOT).as_posix()}:{node.name}"
                assert (node.end_lineno or 0) - node.lineno < 50 or name in LONG_FUNCTIONS_WITH_A_REASON, name


def test_tests_stand_where_their_modules_do() -> None:
    """tests/unit/harness/ROOM/test_MODULE.py, or test_MODULE_MORE.py, is of harness/ROOM/MODULE.py."""
    unit = ROOT / "tests" / "unit"
    for path in (path for part in ("harness", "runner") for path in (unit / part).rglob("test_*.py")):
        room, name = ROOT / path.parent.relative_to(unit), path.stem.removeprefix("test_")
        modules = ["_".join(name.split("_")[: n + 1]) for n in range(name.count("_") + 1)]
        found = [each for each in modules for file in (f"{each}.py", f"__{each}__.py") if (room / file).is_file()]
        assert found, path


def test_a_class_has_its_name_to_itself() -> None:
    owners: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                owners.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in owners.items() if len(paths) > 1} == {}
