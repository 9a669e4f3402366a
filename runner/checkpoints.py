"""From a file of weights to what it holds: told by its first bytes, and read without running code from it."""

import json
import re
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Dict, Tuple

import numpy as np
import torch
from safetensors import safe_open

from runner import compat
from runner.errors import JobError

SAVE = "save model.state_dict() alone, best as safetensors"
AGAIN = "copy or fetch it again"

#: How other files begin (in lower case, blanks before it left out), what they are, and the remedy.
_OTHERS = (
    (
        b"version https://git-lfs",
        "is the pointer of a file in Git LFS, not the file",
        "fetch the file with git lfs pull",
    ),
    (b"<!doctype", "is a web page, not the file", "fetch the file itself"),
    (b"<html", "is a web page, not the file", "fetch the file itself"),
    (b"<?xml", "is an XML text, such as a server's error, not the file", "fetch the file itself"),
    (b"{", "is a JSON text, such as the index of a checkpoint in parts", "name the file that holds the tensors"),
    (b"\x89hdf", "is an HDF5 file, as Keras writes them", SAVE),
    (b"\x93numpy", "is an array of NumPy", SAVE),
    (b"\x1f\x8b", "is compressed by gzip", "unpack it"),
    (b"bzh", "is compressed by bzip2", "unpack it"),
    (b"\xfd7zxz", "is compressed by xz", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed by Zstandard", "unpack it"),
)
#: What torch.save pickles first where it does not write a zip archive, as it did up to 1.5.
_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
#: safetensors allows no longer header.
_LONGEST_HEADER = 100_000_000
#: What NumPy and the oldest torch hold as well; BF16 is made from its bits.
_READABLE = {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"}
#: What torch's readers meet where bytes are missing or changed.
_DAMAGED = (EOFError, struct.error, UnicodeDecodeError)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
#: The words of torch 1.13 and of newer ones for an object that weights_only does not make.
_REFUSED = re.compile(r"(?:GLOBAL|Unsupported class) ([\w.]+)")


def read(path: Path, *, trusted: bool) -> Any:
    """Return what the file holds, its tensors on the CPU.

    A torch that can't read a .pth without running its code reads a trusted one only. Raises JobError where the file is
    no checkpoint, is broken, or holds more than can be read safely.
    """
    if _kind(path) == "safetensors":
        return _read_safetensors(path)
    if not trusted and not compat.HAS_WEIGHTS_ONLY:
        raise JobError(
            f"torch {torch.__version__} can't read {path.name} without running code from it",
            "save the weights as safetensors",
        )
    try:
        return compat.load_checkpoint(path)
    except Exception as error:  # torch has no error type of its own for a broken or unsafe file
        if compat.is_out_of_memory(error):
            raise
        if isinstance(error, _DAMAGED) or "corrupted" in str(error):
            raise JobError(f"{path.name} is cut off or damaged: {_first_line(str(error))}", AGAIN) from error
        raise _unreadable(path.name, str(error)) from error


def _kind(path: Path) -> str:
    """Return the format by the content, whatever the file's name says. Raises JobError where it is another one."""
    with path.open("rb") as stream:
        start = stream.read(512)
    if not start:
        raise JobError(f"{path.name} is empty", AGAIN)
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= _LONGEST_HEADER:
        return "safetensors"
    if start.startswith(b"PK\x03\x04"):
        _require_saved_by_torch(path)
        return "torch"
    for beginning, what, remedy in _OTHERS:
        if start.lstrip().lower().startswith(beginning):
            raise JobError(f"{path.name} {what}", remedy)
    if start[257:262] == b"ustar":
        raise JobError(f"{path.name} is a tar archive", "unpack it, and name the file that holds the tensors")
    if _MAGIC not in start:
        raise JobError(f"{path.name} is no checkpoint: neither torch.save nor safetensors wrote it", SAVE)
    return "torch"


def _require_saved_by_torch(path: Path) -> None:
    """Raise JobError where a zip archive is not what torch.save writes, or no longer: torch checks no checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = {name.partition("/")[2] for name in archive.namelist()}
            for part in archive.infolist():
                if part.CRC:  # torch can be told to save none
                    _read_through(archive, part)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise JobError(f"{path.name} is cut off or damaged: {error}", AGAIN) from error
    if "constants.pkl" in inside or any(name.startswith("code/") for name in inside):
        raise JobError(f"{path.name} is a TorchScript program, not a state dict", SAVE)
    if "data.pkl" not in inside:
        raise JobError(f"{path.name} is a zip archive that torch.save did not write", SAVE)


def _read_through(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part to its end. Raises BadZipFile where its checksum is another."""
    with archive.open(part) as stream:
        while stream.read(1 << 20):
            pass


def _unreadable(file: str, text: str) -> JobError:
    """Return the error for what torch said, without its advice to run the code of the file."""
    said = _ANSI.sub("", text)
    refused = _REFUSED.search(said)
    if refused:
        name = refused.group(1).rstrip(".")
        return JobError(f"{file} holds {_described(name)}, which torch can't read without running its code", SAVE)
    reason = said.partition("WeightsUnpickler error:")[2] or said
    first = "it holds more than tensors" if "weights_only" in _first_line(reason) else _first_line(reason)
    return JobError(f"{file} is not a state dict that can be read safely: {first}", SAVE)


def _first_line(text: str) -> str:
    first = next((line.strip() for line in _ANSI.sub("", text).splitlines() if line.strip()), "torch gives no reason")
    return first[:200].rstrip(".")


def _described(name: str) -> str:
    """Return an object's qualified name, with what it is where that is not plain."""
    if name.startswith("numpy"):
        return f"a numpy {'scalar' if name.endswith('scalar') else 'object'} ({name})"
    if name.startswith(("torchvision.models.", "torch.nn.modules.")):
        return f"a whole pickled model ({name})"
    return name


def _read_safetensors(path: Path) -> Dict[str, torch.Tensor]:
    """Return the tensors by name. Raises JobError where the file is broken, or a tensor has a type that is not read.

    Not by safetensors.torch, which needs a newer torch than the oldest environment has.
    """
    tensors: Dict[str, torch.Tensor] = {}
    kind = name = ""
    try:
        with safe_open(str(path), framework="numpy") as reader, path.open("rb") as stream:
            header, data_start = _header(stream)
            for name, entry in header.items():
                kind = entry["dtype"]
                if kind == "BF16":
                    tensors[name] = _bfloat16(stream, data_start, entry)
                else:
                    tensors[name] = torch.from_numpy(reader.get_tensor(name))
    except Exception as error:  # safetensors' own error derives from Exception alone
        if compat.is_out_of_memory(error):
            raise
        if kind and kind not in _READABLE:
            raise JobError(
                f"{path.name}: the tensor {name} is {kind}, which can't be read", "save it in float32"
            ) from error
        raise JobError(f"{path.name} is cut off or damaged: {str(error)[:200]}", AGAIN) from error
    return tensors


def _header(stream: BinaryIO) -> Tuple[Dict[str, Any], int]:
    """Return the entry of each tensor (dtype, shape, data_offsets) and where the data begin."""
    length = int.from_bytes(stream.read(8), "little")
    header = json.loads(stream.read(length))
    header.pop("__metadata__", None)
    return header, 8 + length


def _bfloat16(stream: BinaryIO, data_start: int, entry: Dict[str, Any]) -> torch.Tensor:
    """Return a bfloat16 tensor from its bits; NumPy has no such type."""
    begin, end = entry["data_offsets"]
    stream.seek(data_start + begin)
    bits = np.fromfile(stream, dtype="<i2", count=(end - begin) // 2)
    return torch.from_numpy(bits).view(torch.bfloat16).reshape(entry["shape"])
