"""The boundaries of docs/design.md, each held by a test."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for part in ("harness", "runner") for path in (ROOT / part).rglob("*.py")]
#: What the host may import of the container side: all of it standard library, or NumPy at most.
SHARED = {"runner.contract", "runner.serialise", "runner.statistics", "runner.rows"}
LONG_FUNCTIONS_WITH_A_REASON = {
    "make",  # plan.py: the pipeline of a plan, top to bottom
    "run",  # cli.py: one parameter an option, and nothing else
}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
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


def test_the_runner_never_imports_the_harness() -> None:
    assert importers("harness", among="runner") == set()


def test_the_harness_imports_only_the_shared_part_of_the_runner() -> None:
    for path in (ROOT / "harness").rglob("*.py"):
        for name in imports(path):
            if name.startswith("runner."):
                assert any(name == shared or name.startswith(shared + ".") for shared in SHARED), f"{path}: {name}"


@pytest.mark.parametrize("module", sorted(SHARED))
def test_the_shared_part_needs_numpy_at_most(module: str) -> None:
    place = ROOT / module.replace(".", "/")
    for path in sorted(place.glob("*.py")) or [place.with_suffix(".py")]:
        for name in imports(path):
            assert name.split(".")[0] in sys.stdlib_module_names | {"numpy", "runner"}, f"{path.name}: {name}"


def test_the_runner_needs_no_more_than_it_says() -> None:
    known = {"torch", "torchvision", "numpy", "psutil", "pynvml", "safetensors", "PIL", "cv2", "runner"}
    needed: dict[str, set[str]] = {}
    for path in (ROOT / "runner").rglob("*.py"):
        for name in imports(path):
            if name.split(".")[0] not in sys.stdlib_module_names | known:
                needed.setdefault(name.split(".")[0], set()).add(path.name)
    assert needed == {"pycocotools": {"masks.py"}}


def test_only_the_engine_imports_docker() -> None:
    assert importers("docker", among="harness") == {"harness/engine.py"}


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


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 270, "what is it hiding?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name not in LONG_FUNCTIONS_WITH_A_REASON:
            assert (node.end_lineno or 0) - node.lineno < 50, f"{path.name}: {node.name}"
