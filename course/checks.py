"""Checks that teach: compare an answer with the right one and say in one sentence what is wrong.

Every visible and hidden check of the lessons calls `expect`. It climbs a ladder and stops at the
first rung that fails: nothing returned → a *named wrong answer* → type → shape → kind of numbers →
nan or infinity → value. A named wrong answer is what a certain misconception gives on the same
input; meeting it, the message says what to rethink instead of only "wrong".

    expect(
        mean_loss(np.array([1.0, 3.0])),
        2.0,
        "mean_loss",
        given="two losses",
        wrong={"you took the sum; divide it by the number of losses.": 4.0},
    )

Success is silent: nothing printed, nothing on stderr, None returned. A fault is an AssertionError
with one message. Hidden checks pass ``reveal=False``: the message then never holds the right value.

A function may change its arguments: `ask` calls it with copies, so that costs nothing. Whether
training can go back through a function, no value tells: `expect_gradient` does.

Messages are in the reader's language (`course.language`); whether an answer is right never depends
on it. Left out on purpose: looking at a function's source or at what it does to its arguments (a
check sees plain data only), partial credit, and approximate comparison of text. Imports nothing but
numpy, so that it runs in a browser; tensors and data frames are recognised by their methods.
"""

import copy
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np

from course.language import _


def _whole() -> str:
    """Return how messages call what was returned; parts of it get an index after it."""
    return _("the answer")


def _kinds() -> dict[str, str]:
    """Return how messages call each kind of plain data."""
    return {
        "nothing": "None",
        "truth": _("True or False"),
        "number": _("a number"),
        "text": _("a string"),
        "bytes": _("bytes"),
        "sequence": _("a list or tuple"),
        "mapping": _("a dict"),
        "set": _("a set"),
        "array": _("a numpy array"),
        "tensor": _("a torch tensor"),
        "series": _("a pandas Series"),
        "frame": _("a pandas DataFrame"),
    }


def _start(name: str, given: str) -> str:
    """Return how a message begins: with what is checked, and with what input."""
    return _("{name}, given {given}: ").format(name=name, given=given) if given else f"{name}: "


@dataclass(frozen=True)
class _How:
    """How to compare: `strict` asks whole numbers for an exact meeting, and for being whole."""

    rtol: float
    atol: float
    shape: str = ""
    reveal: bool = False
    strict: bool = True


def expect(
    got: Any,
    want: Any,
    name: str,
    *,
    given: str = "",
    shape: str = "",
    wrong: Mapping[str, Any] | None = None,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    reveal: bool = True,
) -> None:
    """Raise an AssertionError with a teaching message unless `got` equals `want`.

    Parameters
    ----------
    got : plain data
        What the learner's function returned: None, numbers, strings, lists, tuples, sets, dicts,
        numpy arrays, torch tensors, data frames, nested as you like.
    want : plain data
        The right answer. Its type, shape and kind of numbers are the ones asked for; a list and a
        tuple count as the same, and so do numbers of all types: of Python and its libraries, of
        numpy, and tensors and arrays without axes. A whole number must be met exactly, a real one
        within ``atol + rtol * |want|``. Where `want` is nan, nan is right.
    name : str
        What is checked, as the message should name it: the function, perhaps with the part of its
        answer, such as ``"cross_entropy"`` or ``"merge_step, the pair"``.
    given : str, optional
        The input in words, such as ``"three rows of logits"``.
    shape : str, optional
        The names of the axes, such as ``"(batch, time)"``, for the message about a wrong shape.
    wrong : mapping of str to plain data, optional
        Advice → the wrong answer that calls for it. An entry is passed over where it equals
        `want`, so that a check on random input may list all misconceptions every time.
    rtol, atol : float
        Relative and absolute tolerance for real numbers.
    reveal : bool, default True
        Whether the message may hold the right value. Hidden checks say False.

    Raises
    ------
    AssertionError
        At the first rung of the ladder that fails.
    """
    fault = _fault(got, want, _whole(), _How(rtol, atol, shape, reveal))
    if fault is None:
        return
    if got is not None:
        loose = _How(rtol, atol, strict=False)
        for advice, value in (wrong or {}).items():
            if _fault(got, value, "", loose) is None and _fault(value, want, "", loose):
                fault = f"{advice} ({_('Your answer: {answer}').format(answer=_brief(got))})"
                break
    raise AssertionError(f"{_start(name, given)}{fault}")


def parts(got: Any, name: str, *names: str) -> tuple[Any, ...]:
    """Return the several values of an answer, or say which ones were asked for.

    Parameters
    ----------
    got : tuple or list
        What the learner's function returned.
    name : str
        The function.
    *names : str
        What its values are called, in order.

    Raises
    ------
    AssertionError
        If `got` isn't a tuple or list of so many values.

    Examples
    --------
    >>> pair, merged = parts((("a", "b"), ["ab"]), "merge_step", "pair", "merged")
    """
    asked = _("{count} values are asked for: `return {names}`.").format(
        count=len(names), names=", ".join(names)
    )
    fault = ""
    if got is None:
        fault = _("the answer is None. Did you forget `return`? {asked}")
    elif not isinstance(got, tuple | list):
        fault = _("the answer is {got}; {asked}")
    elif len(got) != len(names):
        fault = _("the answer has length {length}; {asked}")
    if fault:
        length = len(got) if isinstance(got, tuple | list) else 0
        said = fault.format(got=_word(got), length=length, asked=asked)
        raise AssertionError(f"{_start(name, '')}{said}")
    return tuple(got)


def ask(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a learner's function with copies of the arguments; it may do to them what it likes.

    Parameters
    ----------
    function : callable
    *args, **kwargs
        Plain data. Tensors keep the graph that they come from.

    Examples
    --------
    >>> numbers = [3, 1, 2]
    >>> ask(lambda row: row.sort() or row, numbers), numbers
    ([1, 2, 3], [3, 1, 2])
    """
    if hasattr(function, "gradients"):  # it is in another process, where copies arrive
        return function(*args, **kwargs)
    return function(*_copied(args), **_copied(kwargs))


STEP = 3e-3  # of a small step: float32 loses little by it, and a curve hardly bends within it


def expect_gradient(
    function: Callable[..., Any],
    args: Sequence[Any],
    name: str,
    *,
    wrt: Sequence[int] = (0,),
    names: Sequence[str] = (),
    given: str = "",
    part: int | None = None,
) -> None:
    """Raise an AssertionError unless training can go back through a function.

    The gradient is asked for, and held to what small steps of the arguments do to the answer
    itself. So a right value whose way back is cut, wholly or in a part, is found. An answer of
    several numbers is weighed (0.5 to 1.5) and added up first.

    Parameters
    ----------
    function : callable
        It takes torch tensors and returns one (or several, see `part`).
    args : sequence
        Its arguments by position; few numbers, and none within 0.003 of a kink.
    name : str
        What is checked, as in `expect`.
    wrt : sequence of int
        The places in `args` of the tensors that are trained; real numbers.
    names : sequence of str, optional
        What these are called, one for each of `wrt`. Without them the function's own names are
        said, or, where those aren't known (in the grader), the place.
    given : str, optional
        The input in words.
    part : int, optional
        Which part of a tuple is trained through.

    Raises
    ------
    AssertionError
        If no gradient, nan, or a wrong one comes back.
    """
    start = _start(name, given)
    value = _part(ask(function, *args), part)
    if _kind(value) not in ("tensor", "number") or not hasattr(value, "detach"):
        raise AssertionError(
            start
            + _(
                "the answer is {got}, but a torch tensor is asked for: training goes back through "
                "it (leave out .item(), float() and numpy)."
            ).format(got=_word(value))
        )
    rise = np.linspace(0.5, 1.5, value.numel()) if value.ndim else np.ones(())
    weights = value.detach().new_tensor(rise.reshape(tuple(value.shape)))
    asked: Any = getattr(function, "gradients", None)  # a function in another process
    if asked is None:
        cut, found = _gradients(function, _copied(list(args)), wrt, weights, part)
    else:
        cut, found = asked(list(args), list(wrt), weights, part)
    if cut:
        raise AssertionError(
            start
            + _(
                "the way back is cut: no gradient comes back from the answer, so training changes "
                "nothing. Leave out .detach(), .item(), torch.no_grad(), numpy, and "
                "torch.tensor(...) of a result."
            )
        )
    called = [f"`{one}`" for one in names] or _called(function, wrt)
    for which, place, gradient in zip(called, wrt, found, strict=True):
        slope = _slopes(function, args, place, weights, part)
        got = np.zeros(slope.shape) if gradient is None else _array(gradient).astype(float)
        if got.shape != slope.shape or not np.isfinite(got).all():
            text = _("the gradient for {which} is nan or infinite somewhere.").format(which=which)
            raise AssertionError(start + text)
        wrong = ~np.isclose(got, slope, rtol=1e-2, atol=2e-3)
        if not wrong.any():
            continue
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        which += _at(at)
        if abs(got[at]) < 1e-6:
            text = _(
                "for {which} no gradient comes back, though the answer depends on it. Is a part "
                "detached?"
            )
        else:
            text = _("for {which} the gradient is {got}, but a small step there shows {slope}.")
        said = text.format(which=which, got=f"{got[at]:.4g}", slope=f"{slope[at]:.4g}")
        raise AssertionError(start + said)


def _at(place: tuple[int, ...]) -> str:
    """Return where in an array something is; nothing if it has no axes."""
    return _(" at [{place}]").format(place=", ".join(map(str, place))) if place else ""


def _called(function: Callable[..., Any], places: Sequence[int]) -> list[str]:
    """Return what a function calls its arguments, or which ones they are."""
    try:
        own = [p.name for p in inspect.signature(function).parameters.values() if p.kind in _PLACED]
    except (TypeError, ValueError):
        own = []
    return [
        f"`{own[i]}`" if i < len(own) else _("argument {number}").format(number=i + 1)
        for i in places
    ]


_PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _part(value: Any, part: int | None) -> Any:
    return value[part] if part is not None and isinstance(value, tuple | list) else value


def _gradients(
    function: Callable[..., Any],
    args: list[Any],
    wrt: Sequence[int],
    weights: Any,
    part: int | None,
) -> tuple[bool, list[Any]]:
    """Return whether the way back is cut, and the gradient for each argument of `wrt`."""
    leaves = {place: args[place].detach().requires_grad_() for place in wrt}
    for place, leaf in leaves.items():
        args[place] = leaf * 1  # no leaf: an answer may change it
    value = _part(function(*args), part)
    if not getattr(value, "requires_grad", False):
        return True, []
    (value * weights).sum().backward()
    return False, [leaf.grad for leaf in leaves.values()]


def _slopes(
    function: Callable[..., Any], args: Sequence[Any], place: int, weights: Any, part: int | None
) -> np.ndarray:
    """Return how much the weighed answer changes by small steps of each number of an argument."""

    def weighed() -> float:
        return float((_part(ask(function, *moved), part).detach() * weights).sum())

    moved = _copied(list(args))
    moved[place] = args[place].detach().clone()
    flat = moved[place].reshape(-1)  # a view, since a clone is whole
    slopes = np.zeros(flat.numel())
    for i in range(flat.numel()):
        middle = float(flat[i])
        up, down = middle + STEP, middle - STEP
        flat[i] = up
        above, up = weighed(), float(flat[i])
        flat[i] = down
        below, down = weighed(), float(flat[i])
        flat[i] = middle
        slopes[i] = (above - below) / (up - down)
    return slopes.reshape(tuple(args[place].shape))


def _copied(x: Any) -> Any:
    """Copy plain data; a tensor's copy keeps the graph that it comes from."""
    if type(x) in (list, tuple):
        return type(x)(_copied(one) for one in x)
    if type(x) is dict:
        return {key: _copied(value) for key, value in x.items()}
    return x.clone() if hasattr(x, "detach") and hasattr(x, "clone") else copy.deepcopy(x)


def _fault(got: Any, want: Any, it: str, how: _How) -> str | None:
    """Return the first fault of `got` as a sentence about `it`, or None if it equals `want`."""
    kind = _kind(want)
    if _kind(got) != kind:
        if got is None:
            if it == _whole():
                return _("{it} is None. Did you forget `return`?").format(it=it)
            text = _("{it} is None. Did you forget `return`, or to fill this place?")
            return text.format(it=it)
        wanted = _kinds().get(kind, kind)
        if kind in ("array", "tensor") and _kind(got) == "number":
            shape = _shape(_array(want).shape, how.shape)
            wanted = _("{kind} of shape {shape}").format(kind=wanted, shape=shape)
        elif kind == "number" and _kind(got) in ("array", "tensor"):
            wanted = _("one number, without axes,")
        return _("{it} is {got}, but {want} is asked for.").format(
            it=it, got=_word(got), want=wanted
        )

    def inner(g: Any, w: Any, place: str) -> str | None:
        return _fault(g, w, it + place, how)

    if kind in ("array", "tensor"):
        return _array_fault(_array(got), _array(want), it, how)
    if kind == "number":
        return _number_fault(_plain(got), _plain(want), it, how)
    if kind == "sequence":
        if len(got) != len(want):
            return _("{it} has {got} instead of {want}.").format(
                it=it, got=_count(len(got), "entries"), want=len(want)
            )
        return _first(inner(g, w, f"[{i}]") for i, (g, w) in enumerate(zip(got, want, strict=True)))
    if kind == "mapping":
        if set(got) != set(want):
            return _keys_fault(set(got), set(want), it, "keys", how.reveal)
        return _first(inner(got[key], want[key], f"[{key!r}]") for key in want)
    if kind == "set":
        same = got == want
        return None if same else _keys_fault(set(got), set(want), it, "entries", how.reveal)
    if kind == "series":
        return inner(got.tolist(), want.tolist(), "")
    if kind == "frame":  # the order of columns is free, that of rows isn't; the index is ignored
        if set(got.columns) != set(want.columns):
            return _keys_fault(set(got.columns), set(want.columns), it, "columns", True)
        if len(got) != len(want):
            return _("{it} has {got} instead of {want}.").format(
                it=it, got=_count(len(got), "rows"), want=len(want)
            )
        return _first(inner(got[c].tolist(), want[c].tolist(), f"[{c!r}]") for c in want.columns)
    if got is want or (got == want) is True or (kind == "truth" and bool(got) == bool(want)):
        return None
    return _value_fault(_brief(got), _brief(want), it, how.reveal)


def _array_fault(got: np.ndarray, want: np.ndarray, it: str, how: _How) -> str | None:
    """Climb shape → kind of numbers → nan and infinity → values for two arrays."""
    if got.shape != want.shape:
        return _("{it} has shape {got}, but {want} is asked for{why}.").format(
            it=it,
            got=got.shape,
            want=_shape(want.shape, how.shape),
            why=_other_shape(got.shape, want.shape, how.shape),
        )
    numbers = [x.dtype.kind in "biuf" for x in (got, want)]
    real = [x.dtype.kind == "f" for x in (got, want)]
    if not numbers[1]:
        other = np.array([g != w for g, w in zip(got.flat, want.flat, strict=True)], dtype=bool)
        other = other.reshape(want.shape)
    elif not numbers[0] or (how.strict and real[0] > real[1]):
        text = _("{it} holds values of type {got}, but whole numbers are asked for.")
        if real[1]:
            text = _("{it} holds values of type {got}, but real numbers are asked for.")
        return text.format(it=it, got=got.dtype)
    elif not any(real):
        other = got != want
    else:
        got, want = got.astype(float), want.astype(float)
        for problem, why in ((np.isnan, _nan()), (np.isinf, _infinity())):
            bad = problem(got) & ~problem(want)
            if bad.any():
                return _("{it} holds {why} in {count} of {all} places.").format(
                    it=it, why=why, count=bad.sum(), all=bad.size
                )
        with np.errstate(all="ignore"):
            other = ~np.isclose(got, want, rtol=how.rtol, atol=how.atol, equal_nan=True)
    if not other.any():
        return None
    place = tuple(int(i) for i in np.argwhere(other)[0])
    fault = _value_fault(*_pair(got[place], want[place]), it + _at(place), how.reveal)
    if other.size == 1:
        return fault
    many = _("{count} of {all} places are wrong").format(count=other.sum(), all=other.size)
    return f"{fault} ({many})"


def _shape(shape: tuple[int, ...], names: str) -> str:
    return f"{names} = {shape}" if names else f"{shape}"


def _other_shape(got: tuple[int, ...], want: tuple[int, ...], names: str) -> str:
    """Return in words how a shape differs from the right one, if a few words can say it."""
    ones = [tuple(n for n in shape if n != 1) for shape in (got, want)]
    if len(got) == len(want):
        if sorted(got) == sorted(want):
            return _(": the axes are in another order")
        axes = [name.strip() for name in names.strip("()").split(",") if name.strip()]
        text = _("{axis} has length {got}, not {want}")
        said = [
            text.format(
                axis=axes[i] if len(axes) == len(want) else _("axis {number}").format(number=i),
                got=g,
                want=w,
            )
            for i, (g, w) in enumerate(zip(got, want, strict=True))
            if g != w
        ]
        return f": {_(' and ').join(said)}"
    if abs(len(got) - len(want)) == 1 and ones[0] == ones[1]:
        if len(got) < len(want):
            return _(": an axis of length 1 is missing")
        return _(": an axis of length 1 is too many")
    return _(": it has {got} instead of {want}").format(
        got=_count(len(got), "axes"), want=len(want)
    )


def _nan() -> str:
    return _("nan (it comes from 0/0, inf - inf, or the logarithm of a negative number)")


def _infinity() -> str:
    return _("infinity (something overflowed, or it is the logarithm of 0 or a division by 0)")


def _number_fault(got: Any, want: Any, it: str, how: _How) -> str | None:
    """Compare two numbers: whole ones exactly, real ones within the tolerance."""
    if got == want or (got != got and want != want):  # nan is the number that differs from itself
        return None
    if got != got:
        return _("{it} is {why}.").format(it=it, why=_nan())
    if got in (np.inf, -np.inf):
        return _("{it} is {why}.").format(it=it, why=_infinity())
    real = not isinstance(want, int) or not (isinstance(got, int) or how.strict)
    try:
        if real and abs(want) != np.inf and abs(got - want) <= how.atol + how.rtol * abs(want):
            return None
    except OverflowError:  # a whole number or fraction beyond all floats
        pass
    return _value_fault(*_pair(got, want), it, how.reveal)


def _value_fault(got: str, want: str, it: str, reveal: bool) -> str:
    text = _("{it} is {got}, but {want} is right.") if reveal else ""
    text = text or _("{it} is {got}, which is not right.")
    return text.format(it=it, got=got, want=want)


def _keys_fault(got: set, want: set, it: str, word: str, reveal: bool) -> str:
    """Say which keys, entries or columns are missing or too many (how many, if hidden)."""
    lacks, extra = want - got, got - want
    if lacks and extra:
        text = _("{it} lacks {lacks} and shouldn't have {extra}.")
    else:
        text = _("{it} lacks {lacks}.") if lacks else _("{it} shouldn't have {extra}.")

    def listed(some: set, shown: bool) -> str:
        names = ", ".join(sorted(map(repr, some))[:5]) if shown else ""
        counted = _count(len(some), word)
        return f"{counted} ({names})" if names else counted

    return text.format(it=it, lacks=listed(lacks, reveal), extra=listed(extra, True))


def _kind(x: Any) -> str:
    """Return the kind of plain data that `x` is; something else gives the name of its type."""
    if x is None:
        return "nothing"
    if isinstance(x, bool | np.bool_):
        return "truth"
    if isinstance(x, Real | Decimal):  # int, float, fractions, and the numbers of libraries
        return "number"
    for kind, types in (
        ("text", str),
        ("bytes", bytes),
        ("sequence", list | tuple),
        ("mapping", dict),
        ("set", set | frozenset),
    ):
        if isinstance(x, types):
            return kind
    if isinstance(x, np.ndarray):
        return "array" if x.ndim or x.dtype.kind not in "iufb" else _kind(x[()])
    if hasattr(x, "detach") and hasattr(x, "numpy"):
        return "tensor" if x.ndim else _kind(x.item())
    if hasattr(x, "to_numpy") and hasattr(x, "tolist"):
        return "series"
    if hasattr(x, "to_numpy") and hasattr(x, "columns"):
        return "frame"
    return type(x).__name__


def _word(x: Any) -> str:
    """Name the kind of `x` in words, more exactly than `_kinds` where that helps."""
    if isinstance(x, list | tuple):
        return _("a {kind} of {entries}").format(
            kind=type(x).__name__, entries=_count(len(x), "entries")
        )
    kind = _kind(x)
    if kind in ("array", "tensor") and x.ndim:
        return _("{kind} of shape {shape}").format(kind=_kinds()[kind], shape=tuple(x.shape))
    if kind in ("truth", "number"):
        return f"{_plain(x)!r}"
    return _kinds().get(kind) or _("an object of type {kind}").format(kind=kind)


def _count(number: int, what: str) -> str:
    """Say how many there are: "1 entry", "2 entries"."""
    one, more = {
        "entries": (_("1 entry"), _("{count} entries")),
        "rows": (_("1 row"), _("{count} rows")),
        "keys": (_("1 key"), _("{count} keys")),
        "columns": (_("1 column"), _("{count} columns")),
        "axes": (_("1 axis"), _("{count} axes")),
    }[what]
    return one if number == 1 else more.format(count=number)


def _array(x: Any) -> np.ndarray:
    """Turn a numpy array or torch tensor into a numpy array."""
    if isinstance(x, np.ndarray):
        return x
    x = x.detach().cpu()
    try:
        return x.numpy()
    except TypeError:  # numpy has no bfloat16
        return x.float().numpy()


def _plain(x: Any) -> Any:
    """Turn any number (of numpy, torch, `fractions`, `decimal`, sympy) into an int or a float.

    A fraction stays one: it is more exact than a float.
    """
    x = x.item() if hasattr(x, "item") else x
    if isinstance(x, Decimal):
        small = (
            x.is_finite() and abs(x.adjusted()) < 1000
        )  # a whole number may have that many digits
        return int(x) if small and x == x.to_integral_value() else float(x)
    if isinstance(x, int | float | Fraction) or not isinstance(x, Real):
        return x
    if isinstance(x, Integral):
        return int(x)
    return Fraction(int(x.numerator), int(x.denominator)) if isinstance(x, Rational) else float(x)


def _pair(got: Any, want: Any) -> tuple[str, str]:
    """Write two values with as many digits as it takes to tell them apart."""
    got, want = _plain(got), _plain(want)
    if isinstance(got, float) and isinstance(want, Real) and f"{got:.6g}" == f"{want:.6g}":
        return repr(got), repr(want)
    return _brief(got), _brief(want)


def _brief(x: Any) -> str:
    """Write a value in one line of at most 100 characters."""
    if _kind(x) == "number":
        x = _plain(x)
        text = f"{x:.6g}" if isinstance(x, float) else str(x)
        return text if len(text) <= 100 else text[:97] + "..."
    if _kind(x) == "sequence":
        inside = ", ".join(_brief(item) for item in x[:30]) + (", ..." if len(x) > 30 else "")
        text = f"({inside})" if isinstance(x, tuple) else f"[{inside}]"
    elif _kind(x) in ("array", "tensor"):
        text = np.array2string(_array(x), precision=4, threshold=24, edgeitems=2, separator=", ")
    else:
        text = repr(x)
    text = " ".join(text.split())
    return text if len(text) <= 100 else text[:97] + "..."


def _first(faults: Iterable[str | None]) -> str | None:
    """Return the first fault that there is; the rest isn't computed."""
    return next((fault for fault in faults if fault is not None), None)
