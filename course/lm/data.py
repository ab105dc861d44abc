"""From village text to rows of tokens: whole documents, packed so that little room is lost.

A row starts with the end token, then come documents, each closed by the end token, then padding.
Documents are never cut. As in GPT-3's training, a document may see those before it in its row.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from course import seeds
from course.world import phrases as ph
from course.world import web

OPEN_ROWS = 12  # rows that are being filled at the same time
CHUNK = 8_000  # documents that are written and encoded at once


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str]) -> list[list[int]]:
    """Return the tokens of each text, without special ones added."""
    return [e.ids for e in tokenizer.backend_tokenizer.encode_batch_fast(list(texts))]


def pack(
    documents: Iterable[list[int]], end: int, pad: int, length: int = ph.CONTEXT + 1
) -> Iterator[list[int]]:
    """Yield rows of exactly `length` tokens that hold whole documents.

    Parameters
    ----------
    documents : iterable of lists of int
        Tokens without the end token; longer ones than a row holds are left out.
    end, pad : int
        The end and the padding token.
    length : int
        Tokens in a row: one more than the model reads, since the last is only predicted.
    """
    rows: list[list[int]] = []
    for document in documents:
        need = len(document) + 1
        if need >= length:
            continue
        fitting = [row for row in rows if length - len(row) >= need]
        row = max(fitting, key=len, default=None)
        if row is None:
            row = [end]
            rows.append(row)
        row += [*document, end]
        if len(rows) > OPEN_ROWS:
            row = max(rows, key=len)
            rows.remove(row)
            yield row + [pad] * (length - len(row))
    for row in rows:
        yield row + [pad] * (length - len(row))


def web_rows(
    tokenizer: PreTrainedTokenizerFast, seed: int, writer: web.Writer | None = None
) -> Iterator[list[int]]:
    """Yield packed rows of ever new web text; the same seed gives the same rows.

    Parameters
    ----------
    seed : int
        Of the documents.
    writer : web.Writer, optional
        Who writes them; the village's web as it is, if left out.
    """
    writer = writer or web.Writer()

    def documents() -> Iterator[list[int]]:
        part = 0
        while True:
            chunk = web.documents(CHUNK, seeds.numbered("web/chunk", seed, part), writer)
            yield from encode(tokenizer, [d.text for d in chunk])
            part += 1

    yield from pack(documents(), tokenizer.eos_token_id, tokenizer.pad_token_id)


def batches(rows: Iterator[list[int]], size: int) -> Iterator[Tensor]:
    """Yield tensors of int, shape (size, length), from rows; a last, smaller one is left out."""
    while True:
        taken = [row for _, row in zip(range(size), rows, strict=False)]
        if len(taken) < size:
            return
        yield torch.from_numpy(np.array(taken, dtype=np.int64))
