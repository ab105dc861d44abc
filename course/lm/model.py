"""The mini-GPTs: four sizes of one architecture, made, saved and loaded as Hugging Face folders.

The architecture is GPT-2's (GPT-3 is that, with some sparse attention that we leave out), from
``transformers``' own configuration, so plain ``AutoModelForCausalLM.from_pretrained`` loads them
(but for the reward model, which has a class of its own here). One dial, the size; everything else
follows. No dropout: each text is seen about once.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPT2Model,
    GPT2PreTrainedModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging as transformers_logging

from course import paths
from course.errors import CourseError
from course.language import _
from course.lm import tokenizer as tok
from course.world import phrases as ph

transformers_logging.disable_progress_bar()  # a bar for loading a file of 1 MB is only noise

HEAD = 32  # width of an attention head: wide enough for bf16 to pay


@dataclass(frozen=True)
class Size:
    """Number of layers and width of a model."""

    layers: int
    width: int

    @property
    def heads(self) -> int:
        """Return the number of attention heads."""
        return self.width // HEAD


SIZES = {
    "mini-ada": Size(2, 64),
    "mini-babbage": Size(3, 96),
    "mini-curie": Size(4, 160),
    "mini-davinci": Size(6, 384),
}
DEFAULT = "mini-babbage"


def new(size: Size, seed: int = 0, vocabulary: int = tok.VOCABULARY) -> GPT2LMHeadModel:
    """Return an untrained model (float32).

    Parameters
    ----------
    size : Size
        Layers and width.
    seed : int
        Of the initial weights: normal with deviation 0.02, as GPT-2's.
    vocabulary : int
        Tokens.
    """
    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=ph.CONTEXT,
        n_embd=size.width,
        n_layer=size.layers,
        n_head=size.heads,
        activation_function="gelu",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return GPT2LMHeadModel(config)


class RewardModel(GPT2PreTrainedModel):
    """A GPT with two numbers at each token, beside the next token's scores.

    `course.stages.reward.rewards` says what the numbers are for, and computes with them.
    """

    def __init__(self, config: GPT2Config) -> None:
        super().__init__(config)
        self.transformer = GPT2Model(config)
        self.score = torch.nn.Linear(config.n_embd, 2)
        self.post_init()


def parameters(model: torch.nn.Module, embeddings: bool = False) -> int:
    """Count the parameters of a mini-GPT, without those of tokens and positions unless wanted."""
    total = sum(p.numel() for p in model.parameters())
    if embeddings:
        return total
    gpt: Any = model.transformer
    return total - gpt.wte.weight.numel() - gpt.wpe.weight.numel()


def save(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path, card: str
) -> None:
    """Write model (bf16), tokenizer and card; `folder` appears whole or not at all."""
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    half = type(model)(model.config).to(torch.bfloat16)
    half.load_state_dict(model.state_dict())
    half.save_pretrained(draft)
    tokenizer.save_pretrained(draft)
    (draft / "README.md").write_text(card, encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def load(name: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return a mini model in float32, ready for evaluation, and the tokenizer.

    A language model, or a `RewardModel` if the folder has one.

    Parameters
    ----------
    name : str or Path
        The name of a shipped model, such as ``"mini-ada"``, or a folder.

    Raises
    ------
    CourseError
        If there is no such model, or its files are damaged.
    """
    folder = Path(name) if Path(name).is_dir() else paths.MODELS / name
    if not (folder / "config.json").exists():
        there = ", ".join(sorted(p.parent.name for p in paths.MODELS.glob("*/config.json")))
        text = _("There is no model {name}; there are: {there}.")
        raise CourseError(text.format(name=name, there=there or _("none")))
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        rewards = config.architectures == [RewardModel.__name__]
        kind = RewardModel if rewards else AutoModelForCausalLM
        model = kind.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    except Exception as error:
        text = _("The model {name} can't be read ({error}): restore its folder.")
        raise CourseError(text.format(name=folder.name, error=type(error).__name__)) from error
    return model.eval(), tokenizer
