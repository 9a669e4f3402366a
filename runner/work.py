"""How much a model computes: counted in calls of their own, which no sample pays for."""

import time
from typing import Any, Callable, List, Optional, Tuple

import torch

from runner import compat, inferring
from runner.contract import Work
from runner.errors import said
from runner.inputs import Source

#: Calls that are made for the counting alone begin within so many seconds of the first.
MOST_S = 60.0
NO_COUNTER = "torch {} has no counter of floating-point operations, which came with torch 2.1"
INFERENCE = "the model computes under torch.inference_mode, where the counter of torch {} misses a part"
NOTHING = "torch's counter saw no operation that it counts"


class Counter:
    """Calls a model and counts what each call computes, for as long as torch can."""

    def __init__(self, model: Callable[[Any], Any]):
        self._model = model
        self.flops: List[int] = []
        self.missing_reason: Optional[str] = None

    def call(self, argument: Any) -> Any:
        """Return what the model answers. A call that fails while it is counted is made again, and no other counted."""
        if self.missing_reason is None:
            try:
                return self._counted(argument)
            except Exception as error:  # whatever a model does under torch's counter: the answer is worth more
                self.missing_reason = f"torch's counter failed: {said(error) or type(error).__name__}"
        return self._model(argument)

    def _counted(self, argument: Any) -> Any:
        counter = compat.flop_counter()
        if counter is None:
            self.missing_reason = NO_COUNTER.format(torch.__version__)
            return self._model(argument)
        inferences = inferring.noted()
        with inferences, counter:
            answer = self._model(argument)
        if inferences.seen and not inferring.is_counted():
            self.missing_reason = INFERENCE.format(torch.__version__)
        self.flops.append(int(counter.get_total_flops()))
        return answer


def observe(model: Any, counter: Counter, source: Source) -> Work:
    """Return what the model is made of, and what its calls on all inputs compute.

    Those that the counter has seen are not made again. Raises nothing, whatever a person's own code does.
    """
    inputs = len(source.seen())
    if counter.missing_reason is None and len(counter.flops) != inputs:
        counter = _counted_alone(model, source, inputs)
    parameters, uncounted = _parameters(model)
    reason = counter.missing_reason or (None if counter.flops and all(counter.flops) else NOTHING)
    flops = None if reason else counter.flops
    return Work(parameters, flops, "; ".join(filter(None, (uncounted, reason))) or None)


def _counted_alone(model: Any, source: Source, inputs: int) -> Counter:
    counter, began = Counter(model), time.monotonic()
    source.restart()
    try:
        while len(counter.flops) < inputs and counter.missing_reason is None:
            if time.monotonic() - began > MOST_S:
                counter.missing_reason = f"counting took more than {MOST_S:g} s"
                break
            counter.call(source.next().argument)
    except (Exception, SystemExit) as error:
        counter.missing_reason = f"a call that was to be counted failed: {said(error) or type(error).__name__}"
    return counter


def _parameters(model: Any) -> Tuple[Optional[int], Optional[str]]:
    """Return how many parameters a model has, or None and why."""
    try:
        return sum(each.numel() for each in model.parameters()), None
    except Exception as error:  # a person's own kind of module, or of parameter
        return None, f"its parameters can't be counted: {said(error) or type(error).__name__}"
