"""Documents as JSON: standard library only, because the oldest environment and the host both read this."""

import dataclasses
import json
import os
import tempfile
import typing
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Iterable, Literal, Mapping, Optional, Type, TypeVar

from runner.contract import Document
from runner.contract.privacy import scrubbed


class ContractError(ValueError):
    """A document does not follow the contract; the message names the key and what is wrong with it."""


D = TypeVar("D", bound=Document)


def to_dict(document: Document) -> Dict[str, Any]:
    """Return the document as plain dicts, lists and scalars, ready for json."""
    return dataclasses.asdict(document)  # type: ignore[call-overload, no-any-return]


def private_dict(document: Document, folders: Iterable[Path] = ()) -> Dict[str, Any]:
    """Return to_dict's answer without a person's paths and names; a job is left as it is, what it names is relative."""
    data = to_dict(document)
    return {key: value if key == "job" else scrubbed(value, folders) for key, value in data.items()}


def from_dict(kind: Type[D], data: Any) -> D:
    """Build a document from plain data.

    Raises ContractError where a key is missing or unknown, or a value is of another type.
    """
    value: D = _convert(kind, data, kind.__name__)
    return value


def write_json(path: Path, document: Document, data: Optional[Dict[str, Any]] = None) -> None:
    """Write the document, or `data` in its place, to `path` in one step: a reader sees the whole file or none.

    Raises OSError (a full disk, say) and then leaves neither the file nor a part of it.
    """
    handle, name = tempfile.mkstemp(dir=str(path.parent), prefix="." + path.name)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(data or to_dict(document), stream, indent=1, allow_nan=False)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        part.chmod(0o644)  # results are meant to be read and shared
        part.replace(path)
    except BaseException:
        with suppress(OSError):  # what went wrong first is what is told
            part.unlink()
        raise


def _convert(kind: Any, data: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _convert_document(kind, data, where)
    if origin is typing.Union:
        return None if data is None else _convert(arguments[0], data, where)
    if origin is Literal:
        return _checked(data in arguments, data, where, "one of " + ", ".join(map(repr, arguments)))
    if origin is list:
        _checked(isinstance(data, list), data, where, "a list")
        return [_convert(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(data)]
    if origin is dict:
        _checked(isinstance(data, dict), data, where, "an object")
        return {key: _convert(arguments[1], item, where + "." + key) for key, item in data.items()}
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    return _checked(type(data) is kind, data, where, kind.__name__)


def _convert_document(kind: Any, data: Mapping[str, Any], where: str) -> Any:
    _checked(isinstance(data, dict), data, where, "an object")
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for key in data:
        _checked(key in fields, key, where, "one of the keys " + ", ".join(fields))
    required = [f.name for f in fields.values() if f.default is f.default_factory is dataclasses.MISSING]
    for key in required:
        _checked(key in data, sorted(data), where, "an object with the key " + repr(key))
    return kind(**{key: _convert(hints[key], value, where + "." + key) for key, value in data.items()})


def _checked(holds: bool, value: Any, where: str, wanted: str) -> Any:
    if not holds:
        raise ContractError(f"{where} is {value!r:.80}, but must be {wanted}")
    return value
