"""The tokenizer of GPT-2 and GPT-3, from the merges in ``data/tokenizers/gpt2``.

The file holds the merges alone. The vocabulary follows from them: the 256 bytes in the order of
GPT-2's own table, one token for each merge, and the end of a text. Nothing is fetched.
"""

from functools import cache
from typing import TYPE_CHECKING

from course import paths
from course.errors import CourseError
from course.language import _

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

MERGES = paths.DATA / "tokenizers" / "gpt2" / "vocab.bpe"
END = "<|endoftext|>"


def merges() -> list[tuple[str, str]]:
    """Return the 50,000 pairs in the order in which they were learned; a letter is a byte.

    Raises
    ------
    CourseError
        If the file is missing.
    """
    try:
        lines = MERGES.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise CourseError(
            _(
                "The merges of GPT-2 are missing in data/tokenizers/gpt2: take a fresh copy of the "
                "course's data folder."
            )
        ) from None
    pairs = [line.split(" ") for line in lines[1:] if line]  # the first line names the version
    return [(left, right) for left, right in pairs]


def letters() -> list[str]:
    """Return the letter that GPT-2 writes for each of its first 256 tokens, one a byte.

    Bytes that print well represent themselves and come first; the rest gets letters from 256 on.
    """
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = 256 - len(plain)
    return [chr(byte) for byte in plain] + [chr(256 + i) for i in range(rest)]


@cache
def load() -> "PreTrainedTokenizerFast":
    """Return the tokenizer.

    Raises
    ------
    CourseError
        If the merges are missing.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pairs = merges()
    words = [*letters(), *(left + right for left, right in pairs), END]
    bpe = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, pairs))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=END, bos_token=END)
