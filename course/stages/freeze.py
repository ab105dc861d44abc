"""What pre-training knows is held still while manners are learned: MLPs, and names' embeddings.

The demonstrations name some thirty people, each hundreds of times. If all weights are trained, a
model learns manners *by name*: it answers people of the training in the demonstrations' tone and
all others in some other tone, and tells fewer truths about those. A transformer looks facts up in
its MLPs, at the name (Geva et al. 2021, arXiv:2012.14913; Meng et al. 2022, arXiv:2202.05262). So
SFT, reward model and PPO train attention, norms, and the embeddings of all that isn't a name. The
last two, which needn't learn the chat format, hold the first layer as well. SFT sees names a little
blurred, each time differently (`Blur`): so it learns to copy any name and not just those few.
Simplified on purpose: a real model, tuned on requests about everything, gets all its weights
trained.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course.lm import forward
from course.world import village

PARTS = (".mlp.",)  # what the names of held weights contain
FEEDBACK_PARTS = (*PARTS, ".h.0.")  # the same for the reward model and for PPO


def names(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """Return the tokens that the people's names are made of, in order."""
    texts = [text for name in village.PEOPLE for text in (name, f" {name}")]
    return sorted({token for text in texts for token in tokenizer(text)["input_ids"]})


@contextmanager
def held(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, parts: Sequence[str] = PARTS
) -> Iterator[None]:
    """Hold weights (by default the MLPs) and the embeddings of names still while it is open.

    Parameters
    ----------
    model : PreTrainedModel
        Trained in place meanwhile, by whatever asks for the gradients of the parameters that
        require one.
    parts : sequence of str
        Weights whose names contain one of these are held; without any nothing is.
    """
    if not parts:
        yield
        return
    rows = torch.tensor(names(tokenizer))

    def without_names(gradient: Tensor) -> Tensor:
        return gradient.index_fill(0, rows, 0.0)

    still = [p for n, p in model.named_parameters() if any(part in n for part in parts)]
    hook = model.get_input_embeddings().weight.register_hook(without_names)
    for parameter in still:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        hook.remove()
        for parameter in still:
            parameter.requires_grad_(True)


class Blur:
    """Noise on the embeddings of names, the same where a name is read and where it is predicted.

    Parameters
    ----------
    model : PreTrainedModel
    tokenizer : PreTrainedTokenizerFast
    strength : float
        The noise's deviation as part of the embeddings' root mean square; 0 is no noise.
    seed : int
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        strength: float,
        seed: int = 0,
    ) -> None:
        table = model.get_input_embeddings().weight.detach()
        self.rows, self.shape = torch.tensor(names(tokenizer)), table.shape
        self.deviation = strength * table[self.rows].square().mean().sqrt().item()
        self.random = torch.Generator().manual_seed(seed)

    def draw(self) -> Tensor | None:
        """Return what is to be added to the embeddings, 0 where no name stands; None without."""
        if not self.deviation:
            return None
        size = (len(self.rows), self.shape[1])
        noise = self.deviation * torch.randn(size, generator=self.random)
        return torch.zeros(self.shape).index_copy(0, self.rows, noise)


def blurred(w: forward.Weights, noise: Tensor | None) -> forward.Weights:
    """Return the weights `w` with `noise`, from `Blur.draw`, on the embeddings."""
    if noise is None:
        return w
    tied = w.head is w.wte
    wte = w.wte + noise.to(w.wte.dtype)
    return replace(w, wte=wte, head=wte if tied else w.head)
