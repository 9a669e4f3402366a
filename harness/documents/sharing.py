"""Parts that many results of a run have in common: validated once, and shared by all that have them."""

from operator import attrgetter
from typing import Any

from runner.contract import Result

#: Where they stand in a result.
PLACES = (
    *("job.model", "job.protocol", "job.variant", "job.images", "software", "hardware"),
    *("latency.inputs", "latency.contents"),
)
#: How many of each are known at once, the latest ones.
MOST = 32


class Shared:
    """The parts of the results that were read, as plain data and as documents.

    Data that Python takes for equal is validated to equal documents, whether it says 1, 1.0 or true.
    """

    def __init__(self) -> None:
        self._known: dict[str, list[tuple[Any, Any]]] = {place: [] for place in PLACES}

    def insert(self, data: Any) -> dict[str, Any]:
        """Put what is known in the place of its plain data, and return what is not, by place. Changes `data`."""
        unknown = {}
        for place, known in self._known.items():
            *path, name = place.split(".")
            holder = data
            for step in path:
                holder = holder.get(step) if isinstance(holder, dict) else None
            part = holder.get(name) if isinstance(holder, dict) else None
            if part is None:
                continue
            document = next((document for plain, document in known if plain == part), None)
            if document is None:
                unknown[place] = part
            else:
                holder[name] = document
        return unknown

    def learn(self, unknown: dict[str, Any], result: Result) -> None:
        """Know from now on what was not, as the result has it now that it is validated."""
        for place, part in unknown.items():
            known = self._known[place]
            known.append((part, attrgetter(place)(result)))
            del known[:-MOST]
