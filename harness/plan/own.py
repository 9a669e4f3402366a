"""People's own detectors: from --model package.module:function and --code DIR to what a runner is told.

Nothing of their code runs here. What can be told by looking at it is told before anything starts.
"""

import ast
import os
import symtable
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.catalogue import Detector, Environment, OwnDetector, own_detector
from harness.documents import Plan
from harness.errors import BadInput, refused, unknown
from runner.contract import Code, Weights
from runner.contract.code import UnusableCodeError, folder_sha256

NAME_IT = "name it as --model package.module:function, with --code DIR, the folder that the package lies in"
#: Of a large folder, so many modules are considered as what was meant.
CONSIDERED = 1000


def is_own(name: str) -> bool:
    """Tell whether a model's name is that of a person's own detector, and no builder's."""
    return ":" in name


def chosen(names: list[str], folder: Path | None) -> list[OwnDetector]:
    """Return the detectors among the names of models.

    Raises BadInput where such a name and a folder do not go together, where the folder is none or holds too much for
    code, and where the module or the function is not in it; StorageError where it can't be read.
    """
    own = [name for name in dict.fromkeys(names) if is_own(name)]
    if folder is None:
        if own:
            raise BadInput(f"nothing says where the code of {own[0]} is", "name its folder with --code DIR")
        return []
    if not own:
        raise BadInput("--code belongs to a detector of your own, and none is named", NAME_IT)
    _require_folder(folder)
    sha256 = _sha256(folder)
    return [own_detector(_code(name, folder, sha256)) for name in own]


def filled(models: Sequence[Detector], weights: str) -> dict[str, Weights]:
    """Return the weights of the detectors among the models, where --weights names no file: what their function gives.

    Raises BadInput where it asks for what only catalogued models have, and none of them is there.
    """
    own = [model for model in models if isinstance(model, OwnDetector)]
    if len(own) == len(models) and weights in ("random", "shapes"):
        remedy = "leave --weights out to take what its function returns, or name a file"
        raise BadInput(f"there are no {weights} weights for {own[0].code.name}", remedy)
    return {model.builder: Weights(kind="own") for model in own}


def remarks(models: Sequence[Detector], weights: Mapping[str, Weights], stacks: Sequence[Environment]) -> list[str]:
    """Return what a person should know before their own code runs."""
    own = [model for model in models if isinstance(model, OwnDetector)]
    said = [
        f"{model.code.name}: the weights are those that its function gives it"
        for model in own
        if weights[model.builder].kind == "own"
    ]
    if own and any(stack.base is None for stack in stacks):
        said.append("local: your own code runs as you, without the isolation of a container")
    return said


def require_unchanged(plan: Plan) -> None:
    """Raise BadInput where a plan's folder of code is not what it was then: its cells would be of another detector."""
    codes = [cell.job.model.code for cell in plan.cells if cell.job.model.code]
    if not codes or plan.code_folder is None:
        return
    folder = Path(plan.code_folder)
    _require_folder(folder)
    if _sha256(folder) != codes[0].sha256:
        raise BadInput(f"the code in {folder} changed after the run was planned", "restore it, or start a new run")


def _require_folder(folder: Path) -> None:
    if folder.is_file():
        raise BadInput(f"the code {str(folder)!r} is a file", "name the folder that it lies in")
    if not folder.is_dir():
        raise BadInput(f"there is no folder of code {str(folder)!r}", "name the one that the detector's package is in")


def _sha256(folder: Path) -> str:
    try:
        return folder_sha256(folder)
    except UnusableCodeError as error:
        raise BadInput(str(error), error.remedy) from error
    except OSError as error:
        raise refused(error, error.filename or folder, "read", elsewhere="name another folder with --code") from error


def _code(name: str, folder: Path, sha256: str) -> Code:
    module, _, function = name.partition(":")
    if not all(part.isidentifier() for part in [*module.split("."), function]):
        raise BadInput(f"{name!r} names no function of a module", NAME_IT)
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "runner":
        whose = "the harness's runner" if top == "runner" else "Python"
        raise BadInput(f"{whose} has a module {top} of its own", f"give the one in {folder} another name")
    source = _source(module, folder)
    if source is None:
        raise BadInput(f"{folder} has no module {module}", _nearest("module", module, _modules(folder)))
    if source.suffix == ".py":
        known = _names(source)
        if known and function not in known:
            raise BadInput(f"the module {module} has no function {function}", _nearest("function", function, known))
    return Code(module, function, sha256)


def _nearest(kind: str, name: str, known: list[str]) -> str:
    """Return what to name instead."""
    return unknown(kind, name, known).remedy if known else NAME_IT


def _source(module: str, folder: Path) -> Path | None:
    """Return the file that a module is imported from, None where it is not in the folder; of a package its __init__."""
    place = folder.joinpath(*module.split("."))
    compiled = sorted(place.parent.glob(f"{place.name}.*.so")) if place.parent.is_dir() else []
    candidates = [place / "__init__.py", place.with_suffix(".py"), *compiled]
    return next((path for path in candidates if path.is_file()), None)


def _modules(folder: Path) -> list[str]:
    """Return the names of the modules in the folder."""
    return list(dict.fromkeys(_walked(folder)))[:CONSIDERED]


def _walked(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name.isidentifier()]
        parts = Path(place).relative_to(folder).parts
        for name in sorted(files):
            stem = name.removesuffix(".py")
            if name.endswith(".py") and stem.isidentifier():
                yield ".".join([*parts, *([] if stem == "__init__" else [stem])])


def _names(source: Path) -> list[str]:
    """Return the names that a module binds, none where that can't be told without running it."""
    try:
        text = source.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            table = symtable.symtable(text.decode(), str(source), "exec")
    except (
        OSError,
        SyntaxError,
        ValueError,
        RecursionError,
        MemoryError,
    ):  # perhaps it is of another version of Python
        return []
    names = [symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()]
    return [] if "__getattr__" in names or any(map(_binds_unseen, ast.walk(tree))) else names


def _binds_unseen(node: ast.AST) -> bool:
    """Tell whether a part of a module may bind names at its top level that its text does not show there."""
    if isinstance(node, ast.ImportFrom):
        return node.names[0].name == "*"
    return isinstance(node, ast.Global) or (
        isinstance(node, ast.Name) and node.id in ("globals", "locals", "vars", "exec", "setattr")
    )
