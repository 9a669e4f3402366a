"""What docker-py's errors mean. Real engines are in integration."""

import pytest
from docker.errors import APIError
from requests.exceptions import ConnectionError as NoConnection

from harness.images.engine import refusal
from harness.images.refusals import Refusal


@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (APIError("500 Server Error", explanation="no space left"), Refusal("no space left")),
        (APIError("500 Server Error"), Refusal("500 Server Error")),
        (NoConnection("Connection aborted."), Refusal("Connection aborted.", answered=False)),
        (KeyError("ServerVersion"), Refusal("KeyError: 'ServerVersion'", answered=False)),
    ],
    ids=["explained", "plain", "gone", "odd"],
)
def test_only_what_the_engine_itself_said_is_its_answer(error: Exception, meant: Refusal) -> None:
    assert refusal(error) == meant
