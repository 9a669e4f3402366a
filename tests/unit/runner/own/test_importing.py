"""Which module is imported: the folder's, from its source, and never one that only has its name."""

import py_compile
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

from runner.errors import JobError
from runner.own.importing import imported, require_no_clash
from tests.unit.runner.own.folders import written

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    ("text", "sentence", "remedy"),
    [
        (
            "import timmy.models",
            "own_tiny imports timmy, which the environment does not have",
            "copy its source",
        ),
        ("import torch.nonsense", "own_tiny imports torch.nonsense, which the environment's torch", "another version"),
        ("from torch import nonsense", "own_tiny can't be imported in own_tiny.py, line 1: cannot import", "torch 2"),
        ("import other.gone", "own_tiny imports other.gone, which the folder of --code does not have", "complete"),
        ("one = 1\ndef build(:", "own_tiny.py, line 2, can't be read by Python 3.", "write it for that version"),
    ],
)
def test_what_can_not_be_imported_is_a_sentence(folder: Path, text: str, sentence: str, remedy: str) -> None:
    (folder / "other").mkdir()
    with pytest.raises(JobError) as caught:
        imported(written(folder, text), folder)
    assert str(caught.value).startswith(sentence)
    assert remedy in caught.value.failure.remedy


def test_a_module_that_is_not_there(folder: Path) -> None:
    code = written(folder, module="own_package.tiny")
    (folder / "own_package" / "tiny.py").unlink()
    with pytest.raises(JobError, match=r"the folder of --code has no module own_package\.tiny"):
        imported(code, folder)


@pytest.mark.parametrize("module", ["json", "runner", "torch.hub", "numpy"])
def test_a_module_of_the_environment_is_not_taken_for_it(folder: Path, module: str) -> None:
    code = written(folder, module=module)
    with pytest.raises(JobError, match=rf"the environment has a module {module.partition('.')[0]} of its own"):
        imported(code, folder)


def test_what_it_imports_is_its_own_or_refused(folder: Path) -> None:
    written(folder, "", "types")
    written(folder, "", "own_helper")
    imported(written(folder, "import types, own_helper"), folder)
    with pytest.raises(JobError, match="the environment has a module types of its own"):
        require_no_clash(folder)
    (folder / "types.py").rename(folder / "__main__.py")
    require_no_clash(folder)


def test_what_was_compiled_earlier_is_not_run(folder: Path) -> None:
    code = written(folder, "value = 'old'")
    source = folder / "own_tiny.py"
    compiled = py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert Path(str(compiled)).is_file()
    written(folder, "value = 'new'")
    assert imported(code, folder).value == "new"


def test_its_errors_go_through(folder: Path) -> None:
    with pytest.raises(KeyError):
        imported(written(folder, "raise KeyError('x')"), folder)
    with pytest.raises(ImportError, match="relative import"):
        imported(written(folder, "from . import x", "own_other"), folder)


def test_the_environment_comes_first_on_the_path(folder: Path) -> None:
    imported(written(folder), folder)
    assert sys.path[-1] == str(folder)
