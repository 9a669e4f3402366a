"""What a machine's card says of its GPUs, and what it says where nothing is known."""

from dataclasses import replace

from harness.documents.run_folder import Cell
from harness.report.page.cards import environment_cards, hardware_cards
from runner.contract import Gpu, UsedGpu
from tests.unit.harness.page_cells import PUBLISHED, on_gpu, timed

UNKNOWN = Gpu(0, None, None, None, None)
LOST = Gpu(1, None, None, None, None, failure="GPU is lost")
SLICES = [Gpu(2, "A100 MIG 1g.5gb", name, 5 << 30, "580.95.05", mig_profile="1g.5gb") for name in ("aaa", "bbb")]


def machine(*gpus: Gpu, used: UsedGpu | None, host: str | None = "abc") -> Cell:
    cell = on_gpu(timed(PUBLISHED[0]))
    assert cell.result.hardware
    assert cell.execution
    hardware = replace(cell.result.hardware, gpus=list(gpus), used_gpu=used)
    execution = replace(cell.execution, host=replace(cell.execution.host, id=host))
    return replace(cell, result=replace(cell.result, hardware=hardware), execution=execution)


def test_the_card_names_the_gpu_that_computed_and_every_other() -> None:
    used = UsedGpu("A100 MIG 1g.5gb", "bbb", "00000000:41:00.0", "1g.5gb")
    (card,) = hardware_cards([machine(UNKNOWN, LOST, *SLICES, used=used)])
    assert card.facts["GPU 0"] == "name not known, memory not known, driver not known"
    assert card.facts["GPU 1"] == "name not known: GPU is lost"
    assert card.facts["GPU 2"].count("A100 MIG 1g.5gb, 5.0 GiB, driver 580.95.05, MIG 1g.5gb") == 2
    assert card.facts["computed on"] == "A100 MIG 1g.5gb, MIG 1g.5gb, PCI 00000000:41:00.0, UUID bbb (a pseudonym)"


def test_what_cuda_does_not_name_has_its_reason() -> None:
    used = UsedGpu("T4", None, None, missing_reason="this CUDA has no UUID")
    (card,) = hardware_cards([replace(machine(UNKNOWN, used=used, host=None), run="one")])
    assert card.facts["computed on"] == "T4: this CUDA has no UUID"
    assert card.facts["host"] == "not known, of one"


def test_each_gpu_that_computed_has_its_card() -> None:
    cells = [machine(*SLICES, used=UsedGpu("A100", name, None)) for name in ("aaa", "bbb", "aaa")]
    assert ["aaa" in card.facts["computed on"] for card in hardware_cards(cells)] == [True, False]


def test_unknown_machines_have_a_card_each() -> None:
    unknown = machine(UNKNOWN, used=None, host=None)
    cards = hardware_cards([replace(unknown, run=run) for run in ("one", "two", "one")])
    assert [card.facts["host"] for card in cards] == ["not known, of one", "not known, of two"]


def test_a_card_speaks_for_no_cell_of_another_kernel_or_number_of_threads() -> None:
    cell = timed(PUBLISHED[0])
    assert cell.result.hardware
    assert cell.result.software
    newer = replace(cell.result, hardware=replace(cell.result.hardware, kernel="6.2"))
    slower = replace(cell.result, software=replace(cell.result.software, threads=1))
    cells = [cell, *(replace(cell, result=result) for result in (newer, slower))]
    assert [card.facts["kernel"] for card in hardware_cards(cells)] == ["6.1", "6.2"]
    assert [card.facts["threads"][0] for card in environment_cards(cells)] == ["2", "1"]
