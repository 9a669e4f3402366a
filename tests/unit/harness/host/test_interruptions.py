import signal
import threading

import pytest

from harness.host.interruptions import SIGNALS, held_back


@pytest.mark.parametrize("number", SIGNALS)
def test_an_interruption_waits_for_the_end_of_the_block(number: signal.Signals) -> None:
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
