import os
import pwd
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness import documents
from runner.contract import Failure, ImageFile, Result
from runner.contract.privacy import scrubbed
from tests.samples import NOW, job


@pytest.fixture(autouse=True)
def person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # tmp_path first, whose maker asks who runs it
    """A person whose home is not where their data is."""
    monkeypatch.setenv("HOME", "/home/mia")
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_name="mia", pw_dir="/net/homes/mia"))
    monkeypatch.setattr(sys, "prefix", "/srv/envs/torch")
    monkeypatch.setattr(sys, "base_prefix", "/usr")


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("/home/mia/x/y.pth", "~/x/y.pth"),
        ("can't write to '/home/mia': no space", "can't write to '~': no space"),
        ("/net/homes/mia/x", "~/x"),
        ("-I/home/mia/include -L/home/mia/lib", "-I~/include -L~/lib"),
        ("file:///home/mia/x", "file://~/x"),
        ("/data/run 1/cells/c/d.sqlite: disk I/O error", "cells/c/d.sqlite: disk I/O error"),
        ("/data/run 1", "run 1"),
        ("/srv/envs/torch/lib/python3.12/site-packages/torch/lib/a.so", "lib/python3.12/site-packages/torch/lib/a.so"),
        ("/scratch/mia/lib/a.so", "/scratch/USER/lib/a.so"),
        ("index is https://mia:secret@example.org/simple", "index is https://example.org/simple"),
    ],
)
def test_what_names_a_person_s_places_does_not_any_more(text: str, private: str) -> None:
    assert scrubbed(text, [Path("/data/run 1")]) == private


@pytest.mark.parametrize(
    "text",
    [
        "/usr/lib/x86_64-linux-gnu/libgomp.so.1",
        "/home/miami/x",
        "/data/run 10/x",
        "sets/mia/1.jpg",
        "and/or, 3/4 of mia",
        "python:3.9@sha256:ab",
        "https://example.org/a@b",
        "",
    ],
)
def test_what_names_none_stays(text: str) -> None:
    assert scrubbed(text, [Path("/data/run 1")]) == text


def test_every_text_of_a_document_is_looked_at() -> None:
    data = {"a": [{"b": "/home/mia/x"}], "c": None, "d": 1.5, "e": ["/home/mia"]}
    assert scrubbed(data) == {"a": [{"b": "~/x"}], "c": None, "d": 1.5, "e": ["~"]}


def test_a_document_on_disk_is_private_but_its_job_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "cells" / "c" / "result.json"
    path.parent.mkdir(parents=True)
    of = job(cell="c", images=[ImageFile("of/home/mia/1.jpg", "0" * 64)])
    failure = Failure("X", f"{path.parent / 'log.txt'} is full", f"empty {tmp_path}/b or {os.sep}home/mia", "model")
    documents.write(path, Result(3, of, "failed", NOW, NOW, failure=failure))
    read = documents.read(Result, path)
    assert read.failure == Failure("X", "log.txt is full", "empty b or ~", "model")
    assert read.job == of
