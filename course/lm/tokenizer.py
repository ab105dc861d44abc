"""The mini models' tokenizer: byte-level BPE, trained on the village's text of *all* stages.

Digits are single tokens (copying a number is then copying tokens), the special tokens come first,
and the chat template is stored with it, so ``AutoTokenizer.from_pretrained`` is all one needs.
"""

from functools import cache

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from course import paths
from course.errors import CourseError
from course.language import _
from course.world import phrases as ph
from course.world import talk, web
from course.world.talk import Turn

VOCABULARY = 1152  # tokens

# One conversation as the chat models read it; the same as ``talk.Example.text``.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    f"{{% if message.role == 'system' %}}{ph.SYSTEM} {{{{ message.content }}}}"
    f"{{% elif message.role == 'user' %}}{ph.USER} {{{{ message.content }}}}"
    f"{{% else %}}{ph.ASSISTANT} {{{{ message.content }}}}{ph.END}{{% endif %}}"
    "{% endfor %}"
    f"{{% if add_generation_prompt %}}{ph.ASSISTANT}{{% endif %}}"
)


def _as_then(turn: Turn) -> str:
    """Return an answer as it was worded when the shipped tokenizer was trained.

    One refusal named the person at its end. Another sample would give other tokens, and with them
    every base model would have to be trained again.
    """
    return turn.answer.replace("would be unkind.", f"would be unkind to {turn.subject}.")


def train(documents: int = 20_000, seed: int = 11) -> PreTrainedTokenizerFast:
    """Train the tokenizer on web text and on examples of all later stages (seconds).

    Parameters
    ----------
    documents : int
        Texts of each of the two sorts.
    seed : int
        The same seed gives the same tokenizer.
    """
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(ph.SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    web_text = (d.text for d in web.documents(documents, seed))
    later = (
        text
        for split in ("train", "tuning", "test", "shots")
        for held_out in (False, True)
        for example in talk.examples(documents // 8, split, seed, held_out=held_out)
        for turn in example.turns
        for text in (turn.request, _as_then(turn), example.system)
    )
    bpe.train_from_iterator((text for texts in (web_text, later) for text in texts), trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=ph.END,
        bos_token=ph.END,
        pad_token=ph.PAD,
        additional_special_tokens=[t for t in ph.SPECIAL if t not in (ph.END, ph.PAD)],
        model_max_length=ph.CONTEXT,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


@cache
def load() -> PreTrainedTokenizerFast:
    """Return the shipped tokenizer (that of ``data/models/tokenizer``, the same for all models).

    Raises
    ------
    CourseError
        If it isn't there.
    """
    folder = paths.MODELS / "tokenizer"
    if not (folder / "tokenizer.json").exists():
        text = _("The tokenizer is missing ({folder}): restore data/models with git.")
        raise CourseError(text.format(folder=folder))
    return PreTrainedTokenizerFast.from_pretrained(folder)
