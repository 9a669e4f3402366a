"""A person's own detector is built from its folder, or a sentence says why not."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import safetensors.numpy  # noqa: E402
from torch import nn  # noqa: E402

from harness.data.checkpoints import weights_file  # noqa: E402
from harness.paths import ROOT  # noqa: E402
from runner.contract import Code  # noqa: E402
from runner.errors import JobError  # noqa: E402
from runner.own import building  # noqa: E402
from runner.own.answers import Checked, ShownPicture  # noqa: E402
from tests.unit.runner.own.folders import TINY, spec, written  # noqa: E402

pytestmark = pytest.mark.torch


def load(
    code: Code, folder: Path | None, weights: Path | None = None, remarks: list[str] | None = None
) -> tuple[nn.Module, str]:
    model = spec(code, weights_file(weights) if weights else None)
    told = [] if remarks is None else remarks
    return building.load(model, code, folder, weights.parent if weights else None, told.append)


def refusal(code: Code, folder: Path | None, weights: Path | None = None) -> JobError:
    with pytest.raises(JobError) as caught:
        load(code, folder, weights)
    return caught.value


def test_two_builds_are_alike_whatever_was_drawn_before(folder: Path) -> None:
    code = written(folder)
    remarks: list[str] = []
    model, one = load(code, folder, remarks=remarks)
    assert remarks == ["the weights are those that its own function gives it"]
    torch.rand(3)
    assert load(code, folder)[1] == one
    assert isinstance(model, nn.Module)
    assert [path.name for path in folder.rglob("*")] == ["own_tiny.py"], "compiled code was left behind"


def test_another_folder_than_the_planned_one_is_refused(folder: Path) -> None:
    code = written(folder)
    written(folder, TINY + "# changed\n")
    error = refusal(code, folder)
    assert str(error).startswith("the code of own_tiny:build changed after the run was planned: its hash is ")
    assert error.failure.cause == "infrastructure"
    assert "no folder has its code" in str(refusal(code, None))
    assert "can't be read" in str(refusal(code, folder / "gone"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1", "the module own_tiny has no function build"),
        ("build = 3", "own_tiny:build is an int, not a function"),
        ("from torch import nn\nbuild = nn.Identity()", "own_tiny:build is an Identity, not a function"),
        ("def build(a, b=1, *, c): ...", r"own_tiny:build needs arguments \(a, c\)"),
        ("def build(): ...", r"own_tiny:build returned a NoneType, not a torch\.nn\.Module"),
        ("async def build(): ...", "own_tiny:build returned a coroutine"),
        ("def build():\n    import timmy", "own_tiny imports timmy, which the environment does not have"),
    ],
)
@pytest.mark.filterwarnings("ignore:coroutine")
def test_what_builds_no_detector_is_a_sentence(folder: Path, text: str, sentence: str) -> None:
    error = refusal(written(folder, text), folder)
    with pytest.raises(JobError, match=sentence):
        raise error
    assert error.failure.cause == "model"


def test_a_class_and_optional_arguments_will_do(folder: Path) -> None:
    text = TINY + "def other(a=1, *args, **options): return Tiny()\n"
    for function in ("Tiny", "other"):
        assert type(load(written(folder, text, function=function), folder)[0]).__name__ == "Tiny"


def test_weights_of_a_file_fill_it(folder: Path, tmp_path: Path) -> None:
    code = written(folder)
    model, own = load(code, folder)
    state = {f"module.{name}": tensor.numpy() + 1 for name, tensor in model.state_dict().items()}
    file = tmp_path / "mine.safetensors"
    safetensors.numpy.save_file(state, file)
    remarks: list[str] = []
    filled, sha256 = load(code, folder, file, remarks)
    assert remarks == []
    assert sha256 != own
    assert torch.equal(filled.layer.bias, model.layer.bias + 1)
    state["module.more"] = state.pop("module.layer.bias")
    safetensors.numpy.save_file(state, file)
    with pytest.raises(JobError, match=r"do not fit own_tiny:build: one tensor is missing, layer\.bias; one "):
        load(code, folder, file)


def test_the_example_of_the_documentation_works_when_copied(folder: Path) -> None:
    text = (ROOT / "docs" / "own-detectors.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    model, _ = load(written(folder, example, "own_example.tiny"), folder)
    pictures = [torch.rand(3, 90, 120), torch.rand(3, 64, 64)]
    shown = [ShownPicture("a.jpg", 90, 120), ShownPicture("b.jpg", 64, 64)]
    answers = Checked("the example")(model.eval()(pictures), shown)
    assert [len(answer["boxes"]) for answer in answers] == [3, 3]


def test_tensors_that_numpy_lacks_are_part_of_the_hash(folder: Path) -> None:
    text = TINY + "def half(): return Tiny().bfloat16()\n"
    assert len({load(written(folder, text, function=name), folder)[1] for name in ("build", "half")}) == 2
