"""What pre-training knows is frozen while manners are learned: MLPs, and names' embeddings.

The demonstrations ask about some forty people, each hundreds of times. If all weights are trained,
a model learns manners *by name*: it answers about people of the training in the demonstrations'
tone and about all others in another one, with fewer truths. By one reading a transformer
looks facts up in its MLPs, at the name (Geva et al. 2021, arXiv:2012.14913; Meng et al. 2022,
arXiv:2202.05262); how far that holds is disputed (Hase et al. 2023, arXiv:2301.04213). It is what
made us try; that it works best here is measured (docs/training-log.md). So SFT, reward model and
PPO train attention, norms, and the embeddings of all that isn't a name. The last two, which needn't
learn the chat format, freeze the first layer as well. SFT and PPO see names a little blurred, each
time differently (`EmbeddingNoise`): so they learn of any name and not just of those few. Simplified
on purpose: a real model, tuned on requests about everything, gets all its weights trained.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course.lm import forward
from course.world import village

PARTS = (".mlp.",)  # what the names of frozen weights contain
FEEDBACK_PARTS = (*PARTS, ".h.0.")  # the same for the reward model and for PPO


def names(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """Return the tokens that the people's names are made of, in order."""
    texts = [text for name in village.PEOPLE for text in (name, f" {name}")]
    return sorted({token for text in texts for token in tokenizer(text)["input_ids"]})


class Frozen:
    """Weights, and the embeddings of names, that stay as they are while it is open.

    A context manager that may be opened again and again, for each step of a training anew; in
    between, and afterwards, the parameters are as they were before.

    Parameters
    ----------
    model : PreTrainedModel
        Trained in place meanwhile, by whatever asks for the gradients of the parameters that
        require one.
    tokenizer : PreTrainedTokenizerFast
        Knows the names' tokens.
    parts : sequence of str
        Weights whose names contain one of these are frozen, by default the MLPs; without any
        nothing is, nor are the names.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        parts: Sequence[str] = PARTS,
    ) -> None:
        self.table = model.get_input_embeddings().weight
        self.rows = torch.tensor(names(tokenizer)) if parts else None
        self.parameters = [
            p for name, p in model.named_parameters() if any(part in name for part in parts)
        ]
        self.opened: list[ExitStack] = []

    def __enter__(self) -> None:
        """Freeze."""
        with ExitStack() as undo:
            if self.rows is not None and self.table.requires_grad:
                undo.callback(self.table.register_hook(self._without_names).remove)
            for parameter in self.parameters:
                undo.callback(parameter.requires_grad_, parameter.requires_grad)
                parameter.requires_grad_(False)
            self.opened.append(undo.pop_all())

    def __exit__(self, *_: object) -> None:
        """Let go."""
        self.opened.pop().close()

    def _without_names(self, gradient: Tensor) -> Tensor:
        assert self.rows is not None  # else this hook was never set
        return gradient.index_fill(0, self.rows, 0.0)


class EmbeddingNoise:
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
        """Return what is to be added to the embeddings, 0 for other tokens; None without noise."""
        if not self.deviation:
            return None
        size = (len(self.rows), self.shape[1])
        noise = self.deviation * torch.randn(size, generator=self.random)
        return torch.zeros(self.shape).index_copy(0, self.rows, noise)


def with_noise(w: forward.Weights, noise: Tensor | None) -> forward.Weights:
    """Return the weights `w` with `noise`, from `EmbeddingNoise.draw`, on the embeddings."""
    if noise is None:
        return w
    wte = w.wte + noise.to(w.wte.dtype)
    return replace(w, wte=wte, head=wte if w.head is w.wte else w.head)
