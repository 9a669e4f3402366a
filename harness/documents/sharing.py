"""Parts that the documents of a run have in common: validated once, and shared by all that have them."""

from operator import attrgetter
from typing import Any

from runner.contract import Document

#: Where they stand in a result, and those of its job in a cell of the plan as well.
PLACES = (
    *("job.model", "job.protocol", "job.variant", "job.images", "software", "hardware"),
    *("latency.inputs", "latency.contents"),
)
#: The same: the steps to what holds one, and its name there.
STEPS = {place: (place.split(".")[:-1], place.split(".")[-1]) for place in PLACES}
#: How many of each are known at once, the latest ones.
MOST = 32


class Shared:
    """The parts of the plan and the results that were read, as plain data and as documents.

    Data that Python takes for equal is validated to equal documents, whether it says 1, 1.0 or true.
    """

    def __init__(self) -> None:
        self._known: dict[str, list[tuple[Any, Any]]] = {place: [] for place in PLACES}

    def insert(self, data: Any) -> dict[str, Any]:
        """Put what is known in the place of its plain data, and return what is not, by place. Changes `data`."""
        unknown = {}
        for place, (path, name) in STEPS.items():
            holder, known = data, self._known[place]
            for step in path:
                holder = holder.get(step) if isinstance(holder, dict) else None
            part = holder.get(name) if isinstance(holder, dict) else None
            if part is None:
                continue
            for plain, document in known:
                if plain == part:
                    holder[name] = document
                    break
            else:
                unknown[place] = part
        return unknown

    def learn(self, unknown: dict[str, Any], document: Document) -> None:
        """Know from now on what was not, as the document has it now that it is validated."""
        for place, part in unknown.items():
            known = self._known[place]
            known.append((part, attrgetter(place)(document)))
            del known[:-MOST]
