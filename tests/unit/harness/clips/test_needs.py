"""The extra `demo`: what is missing is told before anything is run, by where it is installed from."""

import sys

import pytest

from harness.clips import needs
from harness.errors import CannotRunHere


@pytest.mark.parametrize(("module", "name"), needs.DISTRIBUTIONS.items())
def test_a_missing_part_is_told_by_what_it_is_installed_from(
    module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda asked: None if asked == module else sys)
    with pytest.raises(CannotRunHere, match=f"^a demo needs {name}, which is not installed") as raised:
        needs.require_installed()
    assert "detection-harness[demo]" in raised.value.remedy


def test_a_broken_part_is_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(CannotRunHere, match=r"^a demo needs opencv-python-headless, which can't be imported \("):
        needs.needed("cv2")
