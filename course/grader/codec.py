"""Plain data as bytes and back, between a student's process and the one that holds the checks.

What may pass: None, truth values, numbers of all kinds, strings, bytes, lists, tuples, dicts, sets,
ranges, numpy arrays, torch tensors, pandas frames, series and times, nested as you like.
Anything else that a student's function returns arrives as an empty object that only knows the name
of its type, so that a check can say "an object of type generator". Nothing is ever unpickled or
imported by name; sizes, depth and kinds of numbers are checked before an array is made.

Who decodes works for somebody else, so work has a bound as well: what may take long in one step is
refused by its size, and all steps together by the processor time of this thread. A dictionary whose
keys share one hash takes quadratic time, for example, and is given up then.

The form: one JSON line, then the raw bytes of all arrays one after the other.
"""

import importlib
import json
import math
import re
import struct
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np

DEPTH = 60
NODES = 500_000
DEEP = "this is too deep or too large to be handed over"
TEXT = 16_000_000  # bytes of the JSON line
SECONDS = 1.5  # of the processor, for one value to be read
LOOK = 8  # steps after which a reader looks how long it has worked
LABELS = 10_000  # that pandas puts into a table of its own, which can't be interrupted
ROWS = 10_000_000  # of a range, which costs nothing by itself but may be made a list
DIGITS = 20_000  # of a number
SHORT = 64  # characters of a time, or of the name of a kind
LENGTH = struct.Struct("!I")
FLAT = frozenset((bool, type(None), float, str))  # and whole numbers, if they are short
READ = FLAT | {int}
SHORTEST, LONGEST = -(2**63), 2**63 - 1  # whole numbers as JSON; longer ones in another way
KINDS = "biufcUSMm"  # numpy's kinds of values that hold no objects
TENSORS = (
    *("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8"),
    *("bool", "complex64", "complex128"),
)


DTYPE = re.compile(r"[<>|=]?[biufcUSMm]\d{1,9}(\[\w{1,20}\])?")
COLUMN = re.compile(
    r"object|category|str|string|boolean|U?Int(8|16|32|64)|Float(32|64)"
    r"|datetime64\[(s|ms|us|ns), [\w/+:-]{1,40}\]"
)


class RefusedError(Exception):
    """What came isn't plain data in the form that `encode` gives it."""


class Foreign:
    """Something that isn't plain data; its type's name is all that is known."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def foreign(name: str) -> Foreign:
    """Return an object whose type is called `name`."""
    name = name if name.isidentifier() and len(name) <= 60 else "object"
    return type(name, (Foreign,), {})()


def encode(value: Any, *, strict: bool = False) -> bytes:
    """Return `value` as bytes.

    Parameters
    ----------
    value : plain data
    strict : bool, default False
        Whether something that isn't plain data raises; else its type's name stands for it.

    Raises
    ------
    TypeError
        If `strict` and there is something else in it.
    """
    writer = _Writer(strict)
    text = json.dumps(writer.node(value, 0)).encode()
    return b"".join([LENGTH.pack(len(text)), text, *writer.buffers])


def decode(content: bytes, seconds: float = SECONDS) -> Any:
    """Return what `encode` was given.

    Parameters
    ----------
    content : bytes
    seconds : float
        Processor time that it may take, a little more at most.

    Raises
    ------
    RefusedError
        If `content` isn't in that form, or takes too long.
    """
    end = time.thread_time() + seconds
    try:
        (size,) = LENGTH.unpack_from(content)
        if len(content) < LENGTH.size + size:
            raise RefusedError("too short")
        text = content[LENGTH.size : LENGTH.size + size]
        if size > TEXT or text.count(b"[") + text.count(b"{") > NODES:
            raise RefusedError("too large")
        return _Reader(memoryview(content)[LENGTH.size + size :], end).value(json.loads(text), 0)
    except RefusedError:
        raise
    except Exception as error:
        raise RefusedError(f"{type(error).__name__}: {error}") from None


class _Writer:
    def __init__(self, strict: bool) -> None:
        self.strict, self.count = strict, 0
        self.buffers: list[bytes] = []

    def node(self, value: Any, depth: int) -> Any:
        self.count += 1
        if depth > DEPTH or self.count > NODES:
            raise TypeError(DEEP)
        kind = type(value)
        if kind in FLAT:
            return value
        if kind is list:
            return self._all(value, depth)
        if isinstance(value, np.generic):
            return self._scalar(value, depth)
        if isinstance(value, int):
            value = int(value)
            return value if SHORTEST <= value <= LONGEST else {"i": hex(value)}
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            return str(value)
        return self._other(value, depth)

    def _all(self, items: Any, depth: int) -> list[Any]:
        """Return the nodes of several values; most lists are of numbers or of words alone."""
        kinds = set(map(type, items))
        if kinds <= FLAT or (kinds == {int} and min(items) >= SHORTEST and max(items) <= LONGEST):
            self.count += len(items)
            if self.count > NODES:
                raise TypeError(DEEP)
            return list(items)
        return [self.node(item, depth + 1) for item in items]

    def _other(self, value: Any, depth: int) -> Any:
        if isinstance(value, list):
            return self._all(value, depth)
        if isinstance(value, tuple):
            return {"t": self._all(value, depth)}
        if isinstance(value, dict):
            return {"d": [self._all(pair, depth) for pair in value.items()]}
        if isinstance(value, set | frozenset):
            return {"z" if isinstance(value, frozenset) else "s": self._all(value, depth)}
        if isinstance(value, complex):
            return {"c": [value.real, value.imag]}
        if isinstance(value, bytes | bytearray):
            return {"b": self._buffer(bytes(value))}
        if isinstance(value, range):
            return {"r": [value.start, value.stop, value.step]}
        if isinstance(value, np.ndarray):
            return self._array(np.asarray(value), depth)
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return self._tensor(value, torch, depth)
        pandas = sys.modules.get("pandas")
        if pandas is not None and (node := self._pandas(value, pandas, depth)) is not None:
            return node
        if isinstance(value, Decimal):
            return {"m": str(value)}
        if isinstance(value, Real):
            return self._number(value, depth)
        return self._foreign(value)

    def _number(self, value: Real, depth: int) -> Any:
        """Return a number of another library, such as sympy's, as one of Python's own."""
        try:
            if isinstance(value, Integral):
                return self.node(int(value), depth)
            if isinstance(value, Rational):
                return {"q": [hex(int(value.numerator)), hex(int(value.denominator))]}
            return float(value)
        except Exception:
            return self._foreign(value)

    def _foreign(self, value: Any) -> Any:
        if self.strict:
            raise TypeError(f"an object of type {type(value).__name__} isn't plain data")
        return {"x": type(value).__name__}

    def _buffer(self, data: bytes) -> int:
        self.buffers.append(data)
        return len(data)

    def _scalar(self, value: np.generic, depth: int) -> Any:
        if value.dtype.kind not in KINDS:
            return self._foreign(value)
        return {"n": self._array(np.asarray(value), depth)["a"]}

    def _array(self, value: np.ndarray, depth: int) -> Any:
        shape = list(value.shape)
        if value.dtype.kind == "O":
            items = [self.node(item, depth + 1) for item in value.ravel().tolist()]
            return {"o": [shape, items]}
        if value.dtype.kind not in KINDS:
            return self._foreign(value)
        return {"a": [value.dtype.str, shape, self._buffer(value.tobytes())]}

    def _tensor(self, value: Any, torch: Any, depth: int) -> Any:
        name = str(value.dtype).removeprefix("torch.")
        if value.layout != torch.strided or name not in TENSORS:
            return self._foreign(value)
        plain = value.detach().cpu().contiguous()
        if name == "bfloat16":
            plain = plain.view(torch.int16)
        raw = plain.resolve_conj().numpy().tobytes()
        return {"T": [name, list(value.shape), self._buffer(raw), bool(value.requires_grad)]}

    def _pandas(self, value: Any, pandas: Any, depth: int) -> Any:
        if value is pandas.NA:
            return {"p": ["NA", None]}
        if value is pandas.NaT:
            return {"p": ["NaT", None]}
        if isinstance(value, pandas.Timestamp):
            return {"p": ["Timestamp", value.isoformat()]}
        if isinstance(value, pandas.Timedelta):
            return {"p": ["Timedelta", value.isoformat()]}
        if isinstance(value, pandas.DataFrame):
            columns = [self._column(value.iloc[:, i], depth + 1) for i in range(value.shape[1])]
            labels = self._labels(value.columns, depth + 1)
            return {"D": [labels, columns, self._labels(value.index, depth + 1)]}
        if isinstance(value, pandas.Series):
            name = self.node(value.name, depth + 1)
            return {"S": [name, self._column(value, depth + 1), self._labels(value.index, depth)]}
        if isinstance(value, pandas.Index):
            return {"I": self._labels(value, depth)}
        if isinstance(value, pandas.api.extensions.ExtensionArray):  # for a check, a series
            return self._pandas(pandas.Series(value), pandas, depth)
        return None

    def _column(self, value: Any, depth: int) -> Any:
        if isinstance(value.dtype, np.dtype) and value.dtype.kind in KINDS:
            return ["", self._array(value.to_numpy(), depth)]
        if not COLUMN.fullmatch(str(value.dtype)):
            raise TypeError(f"pandas' kind {value.dtype} can't be handed over")
        return [str(value.dtype), [self.node(item, depth + 1) for item in value.tolist()]]

    def _labels(self, value: Any, depth: int) -> Any:
        names = [self.node(name, depth + 1) for name in value.names]
        if type(value).__name__ == "RangeIndex":
            return ["range", [value.start, value.stop, value.step], names]
        if value.nlevels > 1:
            levels = [self.node(item, depth + 1) for item in value.tolist()]
            return ["levels", levels, names]
        return ["values", self._column(value, depth), names]


class _Reader:
    def __init__(self, rest: memoryview, end: float) -> None:
        self.rest, self.end, self.place, self.count, self.labels = rest, end, 0, 0, 0
        self.earliest = time.monotonic() + end - time.thread_time()

    def value(self, node: Any, depth: int) -> Any:
        self.count += 1
        if depth > DEPTH or self.count > NODES:
            raise RefusedError("too deep or too large")
        if self.count % LOOK == 0:
            self._look()
        if type(node) in READ:
            return node
        if type(node) is list:
            return self._all(node, depth)
        if type(node) is not dict or len(node) != 1:
            raise RefusedError("an unknown form")
        ((tag, inside),) = node.items()
        read = getattr(self, f"_read_{tag}", None) if len(tag) == 1 else None
        if read is None:
            raise RefusedError("an unknown form")
        return read(inside, depth + 1)

    def _all(self, nodes: Any, depth: int) -> list[Any]:
        if type(nodes) is not list:
            raise RefusedError("a list is missing")
        if READ.issuperset(map(type, nodes)):  # nothing to be made, and a step for all of them
            self.count += len(nodes)
            if self.count > NODES:
                raise RefusedError("too deep or too large")
            return nodes
        return [self.value(node, depth + 1) for node in nodes]

    def _look(self) -> None:
        # The clock on the wall asks the system for nothing, and is never behind.
        if time.monotonic() > self.earliest and time.thread_time() > self.end:
            raise RefusedError("it takes too long to read")

    def _library(self, name: str) -> Any:
        """Return a library; its import is our own time, which comes on top."""
        if name in sys.modules:
            return sys.modules[name]
        began = time.thread_time()
        module = importlib.import_module(name)
        self.end += time.thread_time() - began
        return module

    def _slowly(self, items: list[Any]) -> Iterator[Any]:
        """Give the items one by one, as long as there is time."""
        for number, item in enumerate(items):
            if number % LOOK == 0:
                self._look()
            yield item

    def _take(self, size: Any) -> memoryview:
        if not isinstance(size, int) or size < 0 or self.place + size > len(self.rest):
            raise RefusedError("bytes are missing")
        self.place += size
        return self.rest[self.place - size : self.place]

    def _read_i(self, text: str, depth: int) -> int:
        if not isinstance(text, str) or len(text) > DIGITS:
            raise RefusedError("a number is too long")
        return int(text, 16)

    def _read_q(self, parts: Any, depth: int) -> Fraction:
        numerator, denominator = (self._read_i(part, depth) for part in parts)
        return Fraction(numerator, denominator)

    def _read_m(self, text: Any, depth: int) -> Decimal:
        if not isinstance(text, str) or len(text) > DIGITS:
            raise RefusedError("a number is too long")
        made = Decimal(text)
        if made.is_finite() and abs(made.adjusted()) > DIGITS:  # of which a check may make a whole
            raise RefusedError("a number is too large or too small")
        return made

    def _read_t(self, nodes: Any, depth: int) -> tuple:
        return tuple(self._all(nodes, depth))

    def _read_d(self, pairs: Any, depth: int) -> dict:
        made = {}
        for key, value in self._slowly(self._all(pairs, depth)):
            made[key] = value
        return made

    def _read_s(self, nodes: Any, depth: int) -> set:
        made = set()
        for item in self._slowly(self._all(nodes, depth)):
            made.add(item)
        return made

    def _read_z(self, nodes: Any, depth: int) -> frozenset:
        return frozenset(self._read_s(nodes, depth))

    def _read_c(self, parts: Any, depth: int) -> complex:
        real, imaginary = parts
        return complex(float(real), float(imaginary))

    def _read_b(self, size: Any, depth: int) -> bytes:
        return bytes(self._take(size))

    def _read_r(self, parts: Any, depth: int) -> range:
        return _range(parts)

    def _read_x(self, name: Any, depth: int) -> Foreign:
        return foreign(str(name))

    def _read_a(self, inside: Any, depth: int) -> np.ndarray:
        kind, shape, size = inside
        if not DTYPE.fullmatch(str(kind)[:SHORT]):
            raise RefusedError("an array of objects")
        dtype = np.dtype(str(kind))
        return np.frombuffer(self._take(size), dtype).reshape(_shape(shape)).copy()

    def _read_n(self, inside: Any, depth: int) -> Any:
        return self._read_a(inside, depth)[()]

    def _read_o(self, inside: Any, depth: int) -> np.ndarray:
        shape, nodes = inside
        return _objects(self._all(nodes, depth)).reshape(_shape(shape))

    def _read_T(self, inside: Any, depth: int) -> Any:
        torch = self._library("torch")
        name, shape, size, gradient = inside
        if name not in TENSORS:
            raise RefusedError("an unknown tensor")
        raw = bytearray(self._take(size))
        dtype = getattr(torch, name)
        width = dtype.itemsize
        if math.prod(_shape(shape)) * width != len(raw):
            raise RefusedError("a tensor of another size")
        tensor = torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0, dtype=dtype)
        tensor = tensor.reshape(_shape(shape))
        return tensor.requires_grad_(bool(gradient) and dtype.is_floating_point)

    def _read_p(self, inside: Any, depth: int) -> Any:
        pd = self._library("pandas")
        name, text = inside
        if name in ("NA", "NaT"):
            return getattr(pd, name)
        if name not in ("Timestamp", "Timedelta"):
            raise RefusedError("an unknown time")
        if not isinstance(text, str) or len(text) > SHORT:
            raise RefusedError("a time is too long")
        return getattr(pd, name)(str(text))

    def _read_D(self, inside: Any, depth: int) -> Any:
        pd = self._library("pandas")
        labels, columns, index = inside  # the bytes follow in the order of `_Writer`
        series = [self._column(column, depth) for column in columns]
        labels, index = self._labels(labels, depth), self._labels(index, depth)
        for one in series:
            one.index = index
        frame = pd.concat(series, axis=1) if series else pd.DataFrame(index=index)
        frame.columns = labels
        return frame

    def _read_S(self, inside: Any, depth: int) -> Any:
        name, column, index = inside
        name, series = self.value(name, depth), self._column(column, depth)
        series.index, series.name = self._labels(index, depth), name
        return series

    def _read_I(self, inside: Any, depth: int) -> Any:
        return self._labels(inside, depth)

    def _column(self, inside: Any, depth: int) -> Any:
        pd = self._library("pandas")
        kind, node = inside
        values = self.value(node, depth)
        self._look()
        if not kind:
            if not isinstance(values, np.ndarray) or values.ndim != 1:
                raise RefusedError("a column is no array")
            return pd.Series(values)
        if not isinstance(values, list) or not COLUMN.fullmatch(str(kind)[:SHORT]):
            raise RefusedError("a column of an unknown kind")
        if kind == "object":  # or pandas would guess another kind
            return pd.Series(_objects(values), dtype=object)
        if kind.startswith("datetime64") and any(isinstance(one, str) for one in values):
            raise RefusedError("times as text")  # which pandas would read one by one
        if kind == "category":
            self._count_labels(len(values))
        return pd.Series(values, dtype=kind)

    def _count_labels(self, number: int) -> None:
        self.labels += number
        if self.labels > LABELS:
            raise RefusedError(f"more than {LABELS} labels of categories or levels")

    def _labels(self, inside: Any, depth: int) -> Any:
        pd = self._library("pandas")
        kind, node, names = inside
        names = self._all(names, depth)
        if kind == "range":
            index = pd.RangeIndex(_range(node))
        elif kind == "levels":
            tuples = self._all(node, depth)
            if not all(isinstance(one, tuple) for one in tuples):
                raise RefusedError("labels of levels are no tuples")
            self._count_labels(sum(map(len, tuples)))
            index = pd.MultiIndex.from_tuples(tuples)
        else:
            column = self._column(node, depth)
            index = pd.Index(column, dtype=column.dtype)
        index.names = names
        return index


def _objects(items: list[Any]) -> np.ndarray:
    """Return an array of objects; by one assignment numpy would look into them."""
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item
    return array


def _range(parts: Any) -> range:
    start, stop, step = parts
    if not all(isinstance(part, int) for part in parts):
        raise RefusedError("a range of something else than numbers")
    made = range(start, stop, step)
    if len(made) > ROWS:
        raise RefusedError(f"a range of more than {ROWS} numbers")
    return made


def _shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or len(shape) > 32:
        raise RefusedError("a shape is no list")
    if not all(isinstance(side, int) and side >= 0 for side in shape):
        raise RefusedError("a shape holds something else than numbers")
    return tuple(shape)
