import json
from pathlib import Path

import pytest

from harness import documents
from harness.documents import Execution, Host
from harness.documents.run_folder import RunFolder
from harness.errors import BadDocument
from harness.report.latency import latency_table
from runner.contract import SCHEMA_VERSION, Numerics, Result, pseudonym
from runner.contract.serialise import to_dict
from runner.contract.statistics import summarise
from tests.samples import execution, job, ok_result

OLD_RUNS = sorted(path.parent for path in (Path(__file__).parents[3] / "data" / "old_runs").glob("*/plan.json"))


@pytest.mark.parametrize("path", OLD_RUNS, ids=lambda path: path.name)
def test_a_run_of_an_earlier_version_is_read_whole(path: Path) -> None:
    before = {file: file.read_bytes() for file in path.rglob("*.json")}
    cell, *_ = RunFolder(path).cells()
    assert [each.job for each in RunFolder(path).cells()] == [planned.job for planned in RunFolder(path).plan.cells]
    assert cell.job.schema_version == cell.result.schema_version == SCHEMA_VERSION
    assert cell.job.protocol.numerics == Numerics()
    assert cell.result.latency is not None
    assert latency_table([cell]).rows[0][1] == f"{summarise(cell.result.latency).median_ms:.2f}"
    assert {file: file.read_bytes() for file in path.rglob("*.json")} == before


def test_what_an_early_version_did_not_record_is_unknown() -> None:
    found = {}
    for path in OLD_RUNS:
        cell, *_ = RunFolder(path).cells()
        assert cell.result.latency is not None
        found[path.name] = cell.result.latency.other_load_cpus
    assert found["first"] is None
    assert found["before-numerics"] is not None


def test_a_gpu_of_an_earlier_version_has_a_pseudonym(tmp_path: Path) -> None:
    data = to_dict(ok_result(job()))
    data["schema_version"] = data["job"]["schema_version"] = 2
    gpu = {"index": 0, "name": "Tesla T4", "uuid": "GPU-aaa", "memory_bytes": 1, "driver": "535"}
    data["hardware"]["gpus"] = [gpu]
    path = tmp_path / "result.json"
    path.write_text(json.dumps(data))
    hardware = documents.read(Result, path).hardware
    assert hardware is not None
    assert [each.uuid for each in hardware.gpus] == [pseudonym("GPU-aaa")]


def test_a_host_without_a_machine_id_is_unknown(tmp_path: Path) -> None:
    data = to_dict(execution(job(), host=Host(pseudonym("no machine-id"))))
    data["schema_version"] = 2
    path = tmp_path / "execution.json"
    path.write_text(json.dumps(data))
    assert documents.read(Execution, path).host.id is None


def as_version_1(tmp_path: Path, **protocol: object) -> Path:
    data = to_dict(ok_result(job()))
    data["schema_version"] = data["job"]["schema_version"] = 1
    del data["job"]["protocol"]["numerics"]
    data["job"]["protocol"].update({"tf32": True, "cudnn_benchmark": True, "deterministic": False} | protocol)
    path = tmp_path / "result.json"
    path.write_text(json.dumps(data))
    return path


def test_tf32_was_also_allowed_to_matrix_products(tmp_path: Path) -> None:
    numerics = documents.read(Result, as_version_1(tmp_path)).job.protocol.numerics
    assert numerics == Numerics(tf32=True, matmul_precision="high", cudnn_benchmark=True)


def test_an_earlier_document_is_validated_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(BadDocument, match="colour"):
        documents.read(Result, as_version_1(tmp_path, colour="red"))


@pytest.mark.parametrize(
    "text",
    [
        '{"schema_version": 1, "job": []}',
        '{"schema_version": 1, "job": {"protocol": 7}, "latency": 3}',
        '{"schema_version": 1, "cells": [1, {"job": "x"}]}',
        '{"schema_version": 0}',
        '{"schema_version": -4, "job": {"protocol": {"tf32": 1}}}',
        '{"schema_version": 1, "job": {"protocol": {"tf32": 1}}}',
        '{"schema_version": true}',
    ],
)
def test_garbage_that_says_it_is_of_an_earlier_version_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(BadDocument, match=r"result\.json"):
        documents.read(Result, path)
