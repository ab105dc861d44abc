"""LoRA on a real model: a few examples teach SmolLM2 a manner, with the exercise `lora_forward`.

The pairs A, B sit at the queries and values of each layer, as in the paper (arXiv:2106.09685,
section 4.2); all else is frozen. The examples are in the notebook, so that learners can write
their own. How a live demo goes on is `course.show.live`'s. Left out on purpose: saving the pairs,
a measurement (so few examples teach a manner, no facts), and half-precision weights.
"""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from course.errors import CourseError
from course.language import _
from course.show import live, style
from course.show.l03_lora import yours
from course.show.style import Page

RANK, ALPHA, RATE = 8, 16.0, 2e-3
EPOCHS, BATCH = 5, 4
NEW_TOKENS = 48
LONGEST = 400  # characters of a request or an answer


@dataclass(frozen=True)
class Step:
    """What came of a step: the loss on the answers, nats per token."""

    loss: float


class TaughtSmolLM2(live.Demo):
    """SmolLM2 learns from examples; `before` and `after` are its answers to the same requests."""

    measured = False
    least = 1

    def __init__(
        self, examples: Sequence[tuple[str, str]], asked: Sequence[str], seconds: float
    ) -> None:
        super().__init__(seconds)
        self.examples, self.asked, self.losses = list(examples), list(asked), [0.0]
        self.before: list[str] = []
        self.after: list[str] = []

    def load(self) -> None:
        """Load the model and take the examples in."""
        from course.real import catalogue

        for pair in self.examples:
            if len(pair) != 2 or not all(isinstance(t, str) and t.strip() for t in pair):
                raise CourseError(
                    _("An example is a pair of request and answer; this isn't: {pair}.").format(
                        pair=pair
                    )
                )
            if max(map(len, pair)) > LONGEST:
                raise CourseError(
                    _("An example has more than {longest} characters: shorten it.").format(
                        longest=LONGEST
                    )
                )
        if not self.examples:
            raise CourseError(_("There is no example: write a pair of request and answer."))
        self.model, self.tokenizer = catalogue.load(catalogue.SMOLLM2)
        self.forward = yours("lora_forward")

    def prepare(self) -> None:
        """Freeze the model, put the pairs in and encode the examples."""
        import torch

        self.model.float().requires_grad_(False)
        chance = torch.Generator().manual_seed(1)
        self.pairs: list[Any] = []
        for block in self.model.model.layers:
            for layer in (block.self_attn.q_proj, block.self_attn.v_proj):
                self._adapt(layer, chance)
        self.rows = [self._encoded(*pair) for pair in self.examples]
        batches = -(-len(self.rows) // BATCH)
        self.planned = EPOCHS * batches
        self.total = sum(p.numel() for p in self.model.parameters())

    def _adapt(self, layer: Any, chance: Any) -> None:
        """Let a layer compute with a pair A, B of its own."""
        import torch

        out, inside = layer.weight.shape
        a = torch.randn(RANK, inside, generator=chance) / inside**0.5
        b = torch.zeros(out, RANK)
        self.pairs += [a.requires_grad_(), b.requires_grad_()]
        layer.forward = lambda x: self.forward(x, layer.weight, a, b, ALPHA)

    def _encoded(self, request: str, answer: str) -> tuple[list[int], int]:
        """Return an example's tokens in the model's own template, and where the answer begins."""
        begin = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": request}], add_generation_prompt=True, tokenize=False
        )
        prompt = self.tokenizer(begin, add_special_tokens=False)["input_ids"]
        written = self.tokenizer(answer, add_special_tokens=False)["input_ids"]
        return [*prompt, *written, self.tokenizer.eos_token_id], len(prompt)

    def training(self, model: Any, trial: bool) -> Iterator[Step]:
        """Yield after every step of some rounds over the examples."""
        import torch

        from course.lm.threads import one_thread

        optimizer = torch.optim.AdamW(self.pairs, lr=RATE, weight_decay=0.0)
        chance = torch.Generator().manual_seed(2)
        for _x in range(EPOCHS):
            order = torch.randperm(len(self.rows), generator=chance).tolist()
            for first in range(0, len(order), BATCH):
                some = [self.rows[i] for i in order[first : first + BATCH]]
                longest = max(len(row) for row, _ in some)
                tokens = torch.zeros(len(some), longest, dtype=torch.long)
                real = torch.zeros_like(tokens)
                learned = torch.zeros(len(some), longest - 1, dtype=torch.bool)
                for i, (row, begin) in enumerate(some):
                    tokens[i, : len(row)] = torch.tensor(row)
                    real[i, : len(row)] = 1
                    learned[i, begin - 1 : len(row) - 1] = True
                with one_thread():  # on a busy computer two would wait for each other
                    scores = model(tokens, attention_mask=real).logits[:, :-1][learned]
                    loss = torch.nn.functional.cross_entropy(scores, tokens[:, 1:][learned])
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                yield Step(loss.item())

    def take(self, p: Step) -> None:
        """Keep the loss."""
        self.losses.append(p.loss)

    def figures(self) -> str:
        """Return the last loss."""
        return _("loss {losses:.2f}").format(losses=self.losses[-1]) if self.done else ""

    def watch(self) -> None:
        """Ask the requests, before the training and at its end."""
        from course.lm.threads import one_thread
        from course.real.reply import reply

        talks = [[{"role": "user", "content": request}] for request in self.asked]
        with one_thread():
            said = [
                "".join(reply(self.model, self.tokenizer, talk, max_new_tokens=NEW_TOKENS))
                for talk in talks
            ]
        if self.done:
            self.after = said
        else:
            self.before = said

    def conclude(self) -> None:
        """Show the answers side by side, and how little was trained."""
        moved = sum(p.numel() for p in self.pairs)
        self.tell(
            _(
                "{n} examples, {done} steps, {seconds:.0f} s: {moved:,} trained "
                "numbers next to {total:,} frozen ones."
            ).format(
                n=len(self.examples),
                done=self.done,
                seconds=self.seconds,
                moved=moved,
                total=self.total,
            )
        )
        rows = [
            {_("asked"): request, _("SmolLM2 before"): _cut(old), _("after"): _cut(new)}
            for request, old, new in zip(self.asked, self.before, self.after, strict=True)
        ]
        style.show(style.table(rows))


def _cut(answer: str) -> Page:
    text = " ".join(answer.split())
    return Page(html.escape(text), text)


def teach_smollm2(
    examples: Sequence[tuple[str, str]], asked: Sequence[str], seconds: float = 120.0
) -> TaughtSmolLM2 | None:
    """Fine-tune SmolLM2 on a few examples by LoRA, and show its answers before and after.

    Parameters
    ----------
    examples : sequence of (str, str)
        Request and answer.
    asked : sequence of str
        Requests that aren't among them.
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading comes on top.

    Returns
    -------
    TaughtSmolLM2 or None
        None while grading, and where the model isn't on this computer.
    """
    return TaughtSmolLM2(examples, asked, seconds).run()
