"""GPT-3's tokenizer, made from the merges alone, is the one that OpenAI published."""

import hashlib
import json

import pytest

from course.errors import CourseError
from course.real import gpt2_tokens

MERGES = "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"
# Of the published vocabulary, encoder.json, as sorted pairs of token and number.
VOCABULARY = "71cca498f566a6fce90612118ffe70ec265ffdc746e7e6743a2253d346af4d30"


def test_the_file_is_the_published_one_and_says_so():
    assert hashlib.sha256(gpt2_tokens.MERGES.read_bytes()).hexdigest() == MERGES
    assert MERGES in (gpt2_tokens.MERGES.parent / "README.md").read_text(encoding="utf-8")
    assert "MIT License" in (gpt2_tokens.MERGES.parent / "LICENSE").read_text(encoding="utf-8")


def test_the_vocabulary_follows_from_the_merges():
    vocabulary = sorted(gpt2_tokens.load().get_vocab().items())
    assert len(vocabulary) == 50257
    assert hashlib.sha256(json.dumps(vocabulary).encode()).hexdigest() == VOCABULARY


def test_known_numbers_and_the_way_back():
    tokenizer = gpt2_tokens.load()
    assert tokenizer("Hello world").input_ids == [15496, 995]
    assert tokenizer.eos_token_id == 50256
    for text in ("naïve café 🙂", "방앗간으로 가져간다.", "two  spaces\n\tand 12345"):
        assert tokenizer.decode(tokenizer(text).input_ids) == text


def test_missing_merges_are_told_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(gpt2_tokens, "MERGES", tmp_path / "vocab.bpe")
    with pytest.raises(CourseError, match="take a fresh copy"):
        gpt2_tokens.merges()
