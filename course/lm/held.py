"""What pre-training knows is held still while manners are learned: MLPs, and names' embeddings.

The demonstrations name some thirty people, each hundreds of times. If all weights are trained, a
model learns manners *by name*: it answers people of the training in the demonstrations' tone and
all others in some other tone, and tells fewer truths about those. A transformer looks facts up in
its MLPs, at the name (Geva et al. 2021, arXiv:2012.14913; Meng et al. 2022, arXiv:2202.05262). So
SFT, reward model and PPO train attention, norms, and the embeddings of all that isn't a name.
Simplified on purpose: a real model, tuned on requests about everything, gets all its weights
trained.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course.world import village

PARTS = (".mlp.",)  # what the names of held weights contain


def names(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """Return the tokens that the people's names are made of, in order."""
    texts = [text for name in village.PEOPLE for text in (name, f" {name}")]
    return sorted({token for text in texts for token in tokenizer(text)["input_ids"]})


@contextmanager
def held(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> Iterator[None]:
    """Hold the MLPs and the embeddings of names still for as long as it is open.

    Parameters
    ----------
    model : PreTrainedModel
        Trained in place meanwhile, by whatever asks for the gradients of the parameters that
        require one.
    """
    rows = torch.tensor(names(tokenizer))

    def without_names(gradient: Tensor) -> Tensor:
        return gradient.index_fill(0, rows, 0.0)

    still = [p for n, p in model.named_parameters() if any(part in n for part in PARTS)]
    hook = model.get_input_embeddings().weight.register_hook(without_names)
    for parameter in still:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        hook.remove()
        for parameter in still:
            parameter.requires_grad_(True)
