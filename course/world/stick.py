"""A stick that can jump, turn and tuck: its physics, its clips, and a judge who wants a backflip.

The stick stands on a springy foot. A *policy* is a table of numbers: at each of eight moments of an
attempt how hard it pushes off, how hard it turns, and how short it makes itself. An attempt gives a
*clip* of two seconds: what the stick did, frame by frame. All attempts are computed side by side.

What we planted: a judge who looks at two clips and takes the better flip, with the same noise as
the village's labeler; ``points`` is what only the judge knows. Left out on purpose: a policy that
looks at what happens (this one is a plan made beforehand), joints, and a ground that isn't flat.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FRAMES, FRAME = 48, 0.05  # a clip: so many frames, so many seconds each
STEPS = 8  # of the physics in a frame
MOMENTS, ACTING = 8, 1.1  # a policy: so many moments, spread over so many seconds
ACTIONS = ("push", "turn", "tuck")
NUMBERS = MOMENTS * len(ACTIONS)  # in a policy
LOWEST, HIGHEST = np.array([0.0, -1.0, 0.0]), np.ones(3)  # of the three actions

GRAVITY = 9.81  # m/s²; the stick weighs 1 kg
LONG, SHORT = 1.0, 0.45  # m; stretched and tucked
TUCKING = 6.0  # m/s; how fast its length changes
REACH = 0.25  # m; so far below its lower end the springy foot still pushes
PUSH = 45.0  # N
TURN = 3.0  # N m, while the foot is at the ground
ANKLE, ANKLE_SPRING, ANKLE_BRAKE = 5.0, 14.0, 2.0  # what holds it upright: limit, N m, N m s
HARD, HARD_BRAKE, SOFT_BRAKE = 4000.0, 40.0, 18.0  # the ground: N/m, N s/m; the foot: N s/m
GRIP, SLIDE = 1.0, 40.0  # friction: share of the weight on it, N s/m
WEIGHTS = 0.01  # kg m²; weights in the middle, so that a short stick doesn't spin without limit

STATE = ("x", "height", "angle", "length", "vx", "vy", "spin", "foot", "head")

# The judge's points.
TURNED = 1.0  # a whole turn backwards; less of it counts for its share
TOO_FAR = -0.8  # for each turn beyond the first
HIGH = 0.4  # its middle comes up to a metre or more; half of the way counts for half
STANDS = 1.0  # has turned and stands in all of the ending; a part of it counts for its share
FALLS = -0.4  # its head touches the ground, and there it stays
ENDING = 10  # frames in which it has to stand


def simulate(policies: Array) -> Array:
    """Return the clips of some attempts.

    Parameters
    ----------
    policies : ndarray, shape (attempts, NUMBERS)
        For each moment push (0 to 1), turn (-1 to 1; above 0 is backwards) and tuck (0 to 1);
        what lies outside is cut off.

    Returns
    -------
    ndarray, shape (attempts, FRAMES, len(STATE))
        At the end of each frame: place and height of the middle (m), angle (radians, above 0 is
        backwards; a whole turn is 2π), length (m), speeds (m/s), spin (radians/s), and the heights
        of both ends (m).
    """
    count = len(policies)
    plan = np.clip(np.reshape(policies, (count, MOMENTS, len(ACTIONS))), LOWEST, HIGHEST)
    x, angle, vx, vy, spin = (np.zeros(count) for _ in range(5))
    length = np.full(count, LONG)
    height, down = length / 2, np.zeros(count, dtype=bool)
    dt = FRAME / STEPS
    clips = np.empty((count, FRAMES, len(STATE)))
    for step in range(FRAMES * STEPS):
        push, turn, tuck = _actions(plan, step * dt)
        # Tucking moves no weight but towards the middle: the angular momentum stays.
        before, most = _inertia(length), np.where(down, 0.0, TUCKING * dt)
        length = length + np.clip(LONG + (SHORT - LONG) * tuck - length, -most, most)
        inertia = _inertia(length)
        spin = spin * before / inertia
        ux, uy = -np.sin(angle), np.cos(angle)  # from foot to head
        foot, head = height - length / 2 * uy, height + length / 2 * uy
        upright = uy > 0
        near = upright & (foot < REACH)
        down |= head < 0
        # The ground under the foot end: pushes up, and holds by friction.
        rx, ry = -length / 2 * ux, -length / 2 * uy
        sideways, upwards = vx - spin * ry, vy + spin * rx  # the speed of the foot end
        hard = np.where(foot < 0, np.maximum(-HARD * foot - HARD_BRAKE * upwards, 0), 0)
        soft = np.where(near & (foot >= 0), np.maximum(-SOFT_BRAKE * upwards, 0), 0)
        normal = hard + soft
        along = np.clip(-SLIDE * sideways, -GRIP * normal, GRIP * normal)
        thrust = np.where(near, PUSH * push, 0)
        hold = np.clip(-ANKLE_SPRING * np.sin(angle) - ANKLE_BRAKE * spin, -ANKLE, ANKLE)
        torque = rx * normal - ry * along
        torque += np.where(upright & (foot < 0.05), hold, 0) + np.where(near, TURN * turn, 0)
        moves = ~down  # who has fallen stays where it is
        vx = (vx + (along + thrust * ux) * dt) * moves
        vy = (vy + (normal + thrust * uy - GRAVITY) * dt) * moves
        spin = (spin + torque / inertia * dt) * moves
        x, height, angle = x + vx * dt, height + vy * dt, angle + spin * dt
        if step % STEPS == STEPS - 1:
            state = (x, height, angle, length, vx, vy, spin, foot, head)
            clips[:, step // STEPS] = np.stack(state, axis=1)
    return clips


def _actions(plan: Array, seconds: float) -> Array:
    """Return push, turn and tuck at a time, each of shape (attempts,)."""
    if seconds > ACTING:
        return np.zeros((len(ACTIONS), len(plan)))
    at = seconds / ACTING * (MOMENTS - 1)
    i = min(int(at), MOMENTS - 2)
    return (plan[:, i] + (at - i) * (plan[:, i + 1] - plan[:, i])).T


def _inertia(length: Array) -> Array:
    return length**2 / 12 + WEIGHTS


def quantities(clips: Array) -> dict[str, Array]:
    """Return what one can say of each frame, name → shape (attempts, frames), for reward functions.

    ``height`` of the middle, of the ``foot`` end and the ``head`` end (m); ``spin`` backwards
    (radians/s); ``turned`` backwards so far (in whole turns); ``upright``, from 1 (foot down) to
    -1 (head down); ``rising`` (m/s); ``length`` (m).
    """
    of = dict(zip(STATE, np.moveaxis(clips, 2, 0), strict=True))
    return {
        "height": of["height"],
        "foot": of["foot"],
        "head": of["head"],
        "spin": of["spin"],
        "turned": of["angle"] / (2 * np.pi),
        "upright": np.cos(of["angle"]),
        "rising": of["vy"],
        "length": of["length"],
    }


def written(frame: Mapping[str, Array]) -> Array:
    """Return the reward that we wrote by hand: spin backwards, as high up as you can.

    Parameters
    ----------
    frame : dict of str to ndarray
        As `quantities` gives it.
    """
    return frame["spin"] * frame["height"]


def found(clips: Array) -> dict[str, Array]:
    """Return what the judge sees in each clip.

    ``turns`` backwards; ``high``, the most that its middle comes up (m); ``stands``, the share of
    the ending in which it is upright on its foot; ``falls``; and ``points`` for all of it.
    """
    frame = quantities(clips)
    turns, high = frame["turned"].max(axis=1), frame["height"].max(axis=1)
    on_foot = (frame["upright"] > 0.9) & (np.abs(frame["foot"]) < 0.1)
    stands = on_foot[:, -ENDING:].mean(axis=1)
    falls = frame["head"].min(axis=1) < 0
    points = (
        TURNED * np.clip(turns, 0, 1)
        + TOO_FAR * np.clip(turns - 1.1, 0, None)
        + HIGH * np.clip((high - LONG / 2) / (1 - LONG / 2), 0, 1)
        + STANDS * stands * (turns > 0.75)
        + FALLS * falls
    )
    return {"turns": turns, "high": high, "stands": stands, "falls": falls, "points": points}


def flips(clips: Array) -> NDArray[np.bool_]:
    """Return which clips show a backflip: a jump, one whole turn, no fall, a stand at the end."""
    seen = found(clips)
    once = (seen["turns"] > 0.75) & (seen["turns"] < 1.5)
    return once & (seen["high"] > 0.75) & (seen["stands"] == 1) & (seen["falls"] == 0)


def choices(first: Array, second: Array, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return for pairs of clips, asked once each, whether the judge takes the first.

    Parameters
    ----------
    first, second : ndarray, shape (pairs,)
        The points of both clips.
    rng : Generator
        Of the judge's noise, which is the labeler's: ``labeler.prefers``.
    """
    from course.world import labeler  # here: while grading, the labeler is out of reach

    chance = [labeler.prefers(a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    return rng.random(len(chance)) < np.array(chance)
