"""Why the Docker engine did not do something: a sentence in its own words, with what mends it."""

from dataclasses import dataclass

from harness.errors import CannotRunHere
from harness.host import toolkit

#: How much of what was said a sentence quotes.
LONGEST = 200
GONE = "see whether the engine runs still (docker info)"


@dataclass(frozen=True)
class Refusal:
    """What was said instead of an answer: by the engine, or by its client, which had none (`answered` is False)."""

    said: str
    answered: bool = True

    @property
    def short(self) -> str:
        """What was said, on one line and not too long."""
        return " ".join(self.said.split())[:LONGEST]

    def to(self, request: str, remedy: str = "") -> CannotRunHere:
        """Return the error of a request that failed; `request` says so in words.

        Of an engine that refused, its own words say what there is to say, unless `remedy` is known; of one that did not
        answer they say nothing.
        """
        return CannotRunHere(f"{request}: {self.short}", remedy if self.answered else GONE)

    def to_run(self, image: str) -> CannotRunHere:
        """Return the error of a container that can't be run."""
        # The engine reports every failure of the NVIDIA toolkit as a plain 500, so its words are all there is to go by.
        for words, remedy in toolkit.REMEDIES.items():
            if self.answered and words in self.said:
                return CannotRunHere(f"the Docker engine can't hand a GPU to a container ({words})", remedy)
        return self.to(f"the container of {image} can't be run")
