"""What is on the pictures: circles, rectangles, triangles, crowds of small circles, and stick figures as persons."""

from dataclasses import dataclass, field

from harness.data.shapes.dice import Colour, Dice
from harness.data.shapes.outlines import Capsule, Convex, Outline, Point, circle, turned

PERSON, CIRCLE, RECTANGLE, TRIANGLE = 1, 2, 3, 4
CATEGORIES = {PERSON: "person", CIRCLE: "circle", RECTANGLE: "rectangle", TRIANGLE: "triangle"}

SIDED = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
#: In COCO's order (https://cocodataset.org/#format-data); left is the person's own.
KEYPOINTS = ["nose", *(f"{side}_{joint}" for joint in SIDED for side in ("left", "right"))]
#: COCO's lines between them, by number from one.
SKELETON = [
    *([16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9]),
    *([8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7]),
]
FACE: dict[str, Point] = {
    "nose": (0, 0.12),
    "left_eye": (0.035, 0.085),
    "right_eye": (-0.035, 0.085),
    "left_ear": (0.085, 0.1),
    "right_ear": (-0.085, 0.1),
}
DARK: Colour = (25.0, 20.0, 20.0)


@dataclass(frozen=True)
class Figure:
    """An object: its parts with their colours, later ones in front, and for a person the 17 keypoints, x and y.

    `details` are painted within the parts. Without `labelled`, nobody has marked the person's keypoints.
    """

    category: int
    parts: list[tuple[Outline, Colour]]
    details: list[tuple[Outline, Colour]] = field(default_factory=list)
    keypoints: list[Point] = field(default_factory=list)
    labelled: bool = True
    crowd: bool = False


def shape(dice: Dice, category: int, centre: Point, size: float, colour: Colour) -> Figure:
    """Return a circle, rectangle or triangle that is about `size` pixels wide, turned at random."""
    half = size / 2
    if category == CIRCLE:
        return Figure(CIRCLE, [(circle(centre, half), colour)])
    if category == RECTANGLE:
        other = half * dice.uniform(0.4, 1)
        corners = [(-half, -other), (half, -other), (half, other), (-half, other)]
    else:
        corners = [turned((0, -half * dice.uniform(0.8, 1.2)), angle) for angle in (0, 120, 240)]
    degrees = dice.uniform(0, 360)
    return Figure(category, [(Convex([_moved(turned(corner, degrees), centre) for corner in corners]), colour)])


def crowd(dice: Dice, centre: Point, size: float, ground: Colour) -> Figure:
    """Return a region of 20 to 40 small circles, `size` pixels wide."""
    parts: list[tuple[Outline, Colour]] = []
    for _ in range(int(dice.uniform(20, 41))):
        offset = dice.uniform(-0.5, 0.5) * size, dice.uniform(-0.3, 0.3) * size
        parts.append((circle(_moved(offset, centre), size * dice.uniform(0.03, 0.06)), dice.colour(unlike=ground)))
    return Figure(CIRCLE, parts, crowd=True)


def person(dice: Dice, centre: Point, height: float, ground: Colour) -> Figure:
    """Return a stick figure, `height` pixels tall, that faces whoever looks at the picture."""
    joints = FACE | _limbs(dice, "left", 1) | _limbs(dice, "right", -1)
    lean = dice.uniform(-20, 20)
    at = {name: _placed(joint, centre, height, lean) for name, joint in joints.items()}
    skin, shirt, trousers = (dice.colour(unlike=ground) for _ in range(3))
    parts: list[tuple[Outline, Colour]] = []
    for line, colour, thickness in (
        ("left_hip left_knee left_ankle", trousers, 0.038),
        ("right_hip right_knee right_ankle", trousers, 0.038),
        ("left_shoulder left_elbow left_wrist", shirt, 0.03),
        ("right_shoulder right_elbow right_wrist", shirt, 0.03),
    ):
        first, middle, last = (at[name] for name in line.split())
        parts += [(Capsule(first, middle, thickness * height), colour)]
        parts += [(Capsule(middle, last, thickness * height), colour)]
    torso = [at[name] for name in ("right_shoulder", "left_shoulder", "left_hip", "right_hip")]
    head, neck = _placed((0, 0.1), centre, height, lean), _placed((0, 0.25), centre, height, lean)
    parts += [(Convex(torso), shirt), (Capsule(head, neck, 0.03 * height), skin), (circle(head, 0.09 * height), skin)]
    details: list[tuple[Outline, Colour]] = [(circle(at[name], 0.015 * height), DARK) for name in list(FACE)[:3]]
    labelled = dice.uniform(0, 1) > 0.06
    return Figure(PERSON, parts, details, [at[name] for name in KEYPOINTS], labelled)


def _limbs(dice: Dice, side: str, outwards: int) -> dict[str, Point]:
    """Return the joints of an arm and a leg of a figure of height 1, whose head's top is the origin."""
    joints: dict[str, Point] = {}
    for names, start, length, angles, bend in (
        (("shoulder", "elbow", "wrist"), (0.11, 0.25), 0.16, (10, 140), (-50, 80)),
        (("hip", "knee", "ankle"), (0.07, 0.52), 0.22, (-3, 30), (-25, 8)),
    ):
        angle = dice.uniform(*angles)
        middle = _moved(turned((0, length), -angle), start)
        end = _moved(turned((0, length), -angle - dice.uniform(*bend)), middle)
        for name, (x, y) in zip(names, (start, middle, end), strict=True):
            joints[f"{side}_{name}"] = outwards * x, y
    return joints


def _placed(joint: Point, centre: Point, height: float, lean: float) -> Point:
    return _moved(turned((joint[0] * height, (joint[1] - 0.5) * height), lean), centre)


def _moved(point: Point, by: Point) -> Point:
    return point[0] + by[0], point[1] + by[1]
