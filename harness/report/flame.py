"""Profiles as stacks: folded, as speedscope and other viewers read them, and two of them as a flame graph in SVG."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from statistics import median

from harness.text import printable
from runner.contract import Profile

#: From the outermost module to the operator.
Stack = tuple[str, ...]
WIDTH, HEIGHT, LETTER, PAD = 1200, 18, 6.6, 4
#: Narrower frames, in pixels, are left out with all that is above them.
LEAST = 0.4


def stacks(profile: Profile) -> dict[Stack, float]:
    """Return the ms of an iteration by stack: the parts of a module's path, and the operator where one is known.

    A module's time is that without the profiler; its operators share it as they do under the profiler.
    """
    found: dict[Stack, float] = {}
    by_module: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for operator in profile.operators:
        by_module[operator.module][operator.name] += operator.wall_ms
    for module in profile.modules:
        path, own = tuple(module.path.split(".")), median(module.wall_ms)
        shares = by_module.get(module.path, {})
        whole = sum(shares.values())
        if whole > 0:
            found |= {(*path, name): own * ms / whole for name, ms in shares.items()}
        else:
            found[path] = own
    return found


def folded(profile: Profile) -> str:
    """Return a line a stack, its frames between semicolons and its whole microseconds behind."""
    lines = (f"{';'.join(stack)} {round(1000 * ms)}" for stack, ms in sorted(stacks(profile).items()))
    return "\n".join(line for line in lines if not line.endswith(" 0"))


@dataclass
class Bar:
    """A frame of two flame graphs: ms of each side, with what is above it."""

    name: str
    a: float = 0.0
    b: float = 0.0
    above: dict[str, "Bar"] = field(default_factory=dict)

    def add(self, stack: Stack, a: float, b: float) -> None:
        """Take in a stack that stands on this frame."""
        self.a, self.b = self.a + a, self.b + b
        if stack:
            self.above.setdefault(stack[0], Bar(stack[0])).add(stack[1:], a, b)


def flame_graph(a: Profile, b: Profile, title: str) -> str:
    """Return B's flame graph as SVG: frames as wide as B's time, red where A takes less, blue where it takes more."""
    whole = _whole(stacks(a), stacks(b))
    most = max((abs(frame.b - frame.a) for frame in whole.above.values()), default=0.0) or 1.0
    drawn = list(_drawn(whole, 0.0, 0, WIDTH / max(whole.b, 1e-9), most))
    height = (max(depth for depth, _ in drawn) + 2) * HEIGHT + PAD
    font = 'font-family="monospace" font-size="11"'
    told = f"{_text(title)}: {whole.a:.1f} → {whole.b:.1f} ms; red: slower in B, blue: faster"
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} role="img" aria-label="{told}">'
    return f'{begin}<text x="{PAD}" y="13" fill="currentColor">{told}</text>{"".join(text for _, text in drawn)}</svg>'


def _text(text: str) -> str:
    """Return a text as XML can hold it: a name may come from anyone."""
    return escape(printable(text))


def _whole(a: Mapping[Stack, float], b: Mapping[Stack, float]) -> Bar:
    whole = Bar("all")
    for stack in dict.fromkeys([*b, *a]):
        whole.add(stack, a.get(stack, 0.0), b.get(stack, 0.0))
    return whole


def _drawn(frame: Bar, x: float, depth: int, scale: float, most: float) -> Iterator[tuple[int, str]]:
    """Yield each frame's depth and drawing, from left to right and outwards in."""
    width = frame.b * scale
    if width < LEAST:
        return
    y = (depth + 1) * HEIGHT
    told = _text(f"{frame.name}: {frame.a:.2f} → {frame.b:.2f} ms")
    shown = _text(frame.name[: int((width - 2 * PAD) / LETTER)]) if width > 4 * PAD else ""
    yield (
        depth,
        f'<g><title>{told}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT - 1}" '
        f'fill="{_colour((frame.b - frame.a) / most)}"/><text x="{x + PAD:.1f}" y="{y + 13}">{shown}</text></g>',
    )
    for above in frame.above.values():
        yield from _drawn(above, x, depth + 1, scale, most)
        x += above.b * scale


def _colour(change: float) -> str:
    """Return red for a change towards 1, blue towards -1, and grey between."""
    strength = min(abs(change), 1.0) ** 0.5
    faded = round(235 - 120 * strength)
    return f"rgb(235,{faded},{faded})" if change > 0 else f"rgb({faded},{faded},235)"
