"""What runs before anything is installed needs nothing installed."""

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

import tools
from tools import install_torch


@pytest.mark.parametrize("module", [tools, install_torch])
def test_it_imports_the_standard_library_alone(module: object) -> None:
    tree = ast.parse(Path(str(vars(module)["__file__"])).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_what_is_here_is_not_installed_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    assert install_torch.main() == 0
    assert capsys.readouterr().out == "torch and torchvision are here already\n"
