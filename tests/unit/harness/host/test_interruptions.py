import signal
import threading
from collections.abc import Iterator

import pytest

from harness.host.interruptions import SIGNALS, end_alike, held_back


@pytest.fixture
def ending() -> Iterator[None]:
    """Have all of them end things as Ctrl-C does, as the command line has it."""
    before = {each: signal.getsignal(each) for each in SIGNALS}
    end_alike()
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize("number", SIGNALS)
def test_each_of_them_ends_a_command_as_ctrl_c_does(number: signal.Signals, ending: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_what_is_ignored_from_outside_as_by_nohup_ends_nothing(number: signal.Signals, ending: None) -> None:
    signal.signal(number, signal.SIG_IGN)
    end_alike()
    signal.raise_signal(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interruption_waits_for_the_end_of_the_block(number: signal.Signals, ending: None) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(number)
        done.append("the block went on")
    assert done == ["the block went on"]
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_without_an_interruption_nothing_happens() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    with held_back():
        pass
    assert [signal.getsignal(each) for each in SIGNALS] == before


def test_another_thread_has_nothing_to_hold_back() -> None:
    done = []

    def work() -> None:
        with held_back():
            done.append("it works there, too")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["it works there, too"]


def test_a_program_s_own_handler_gets_the_signal_once_the_block_has_ended() -> None:
    seen: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append("handled"))
    try:
        with held_back():
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            seen.append("the block went on")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == ["the block went on", "handled"]


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with held_back():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
