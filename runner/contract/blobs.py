"""Columns of numbers as little-endian blobs, and back."""

from typing import Any, Optional

import numpy


def per_detection(blob: Optional[bytes], n: int, *last: int) -> Any:
    """Return the (n, k, *last) values of a blob whose k its length tells, or None."""
    if blob is None:
        return None
    values = numpy.frombuffer(blob, "<f4")
    return values.reshape(n, -1, *last) if n else values.reshape(0, 0, *last)


def blob(values: Any, kind: str) -> Optional[bytes]:
    """Return an array as the bytes of its values in NumPy's kind, such as "<f4"; None of none."""
    return None if values is None else numpy.ascontiguousarray(values, kind).tobytes()
