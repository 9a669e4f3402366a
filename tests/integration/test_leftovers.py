"""What ends a session of tests, where no engine answers."""

import pytest

from tests.leftovers import Leftovers


def test_an_engine_that_is_not_there_does_not_break_the_end(request: pytest.FixtureRequest) -> None:
    leftovers = Leftovers()
    report = pytest.TestReport("x", ("x", 1, "x"), {"docker": 1}, "passed", None, "call")
    leftovers.pytest_runtest_logreport(report)
    before = request.session.exitstatus
    leftovers.pytest_sessionfinish(request.session)
    assert request.session.exitstatus == before
