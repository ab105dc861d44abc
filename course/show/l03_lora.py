"""LoRA in front of your eyes: a frozen base model learns to write programs.

The live demo is made of the exercise `lora_forward` of lesson 03; how such a demo goes on is
`course.show.live`'s. On the way the model writes programs for tasks of the test, which are really
run. The other functions are what the lesson's own training loop needs around it, with transformers'
forward pass: slower, and open to whoever wants to change a layer. Left out on purpose: a choice of
ranks.
"""

import copy
import html
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from course.checks import expect, expect_gradient
from course.language import N_, _
from course.show import live, own, sources, style
from course.show.charts import percent_ticks, set_ticks
from course.show.l03_programs import BASE, RECORD, listing, means, outcome
from course.stages.stage import LORA
from course.stats import interval, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WAY = "LoRA"
EPOCHS = 2
MOST = 6_000  # pairs, as for mini-code
WATCHED = 60  # tasks that are tried on the way
TRIED = 2_000  # tasks that the speed is measured on, at most
READ = 5  # programs to read after the run
ENOUGH = 100  # steps, below which the operators can't have been learned


class LiveLoRA(live.Watched):
    """A base model is fine-tuned by LoRA: ``base`` stays as it is, ``model`` has LoRA merged.

    ``wrote`` and ``verdicts`` are the programs for the watched tasks, each time they are tried, and
    what came of them.
    """

    name, needs = "LoRA", LORA
    instead = N_("are the recorded figures")
    stops = (0.15, 0.3, 0.45, 0.65)
    form = (".3f", ".0%")

    def __init__(self, seconds: float, seed: int) -> None:
        super().__init__(seconds)
        self.seed, self.pairs, self.trained = seed, 0, 0
        self.wrote: list[list[str]] = []
        self.verdicts: list[list[str]] = []

    def load(self) -> None:
        """Load the base model."""
        from course.lm import model
        from course.stages import code
        from course.world import tasks

        self.base, self.tokenizer = model.load(BASE)
        self.model = self.base
        self.moved = code.trained(self.base, WAY, self.seed)
        self.trained = sum(p.numel() for p in self.moved.values())
        self.batch = code.FULL.batch
        self.tasks = tasks.tasks(WATCHED, "test", 78)

    def plan(self, steps: int) -> None:
        """Read as many tasks as fit."""
        self.pairs = min(MOST, max(self.batch, self.batch * steps // EPOCHS))
        self.planned = EPOCHS * -(-self.pairs // self.batch)

    def training(self, _: Any, trial: bool) -> Iterator[Any]:
        """Return the training, which leaves the base model as it is; a trial moves its own LoRA."""
        from course.stages import code
        from course.world import tasks

        learned = tasks.tasks(TRIED if trial else self.pairs, "train", self.seed + trial)
        moved = code.trained(self.base, WAY, self.seed) if trial else self.moved
        return code.tune_on(
            self.base, self.tokenizer, learned, moved, code.RATES[WAY],
            recipe=code.Recipe(self.pairs, EPOCHS, self.batch), **self.exercises, seed=self.seed,
        )  # fmt: skip

    def look(self) -> tuple[float, float, float]:
        """Have the model write programs for the watched tasks; return the share of right ones."""
        from course.stages import code

        self.model = code.finished(copy.deepcopy(self.base), self.moved, **self.exercises)
        wrote = code.written(self.model, self.tokenizer, [task.prompt for task in self.tasks])
        verdicts = [some[0] for some in code.judge(self.tasks, wrote)]
        self.wrote.append([some[0] for some in wrote])
        self.verdicts.append([outcome(verdict) for verdict in verdicts])
        right = sum(verdict.right for verdict in verdicts)
        return right / WATCHED, *interval(right, WATCHED)

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales."""
        left.set(yscale="log", ylim=(0.0008, 8), ylabel=_("loss (nats per token)"))
        set_ticks(left, "y", (0.001, 0.01, 0.1, 1))
        left.set_title(_("Loss on the programs, live"))
        left.legend(fontsize=9.5, loc="lower left")  # the curve leads from top left to bottom right
        right.set_ylim(0, 1.1)
        percent_ticks(right, "y")
        right.set_title(_("Programs that are right, 95% interval"), fontsize=11)

    def conclude(self) -> None:
        """Say how many tasks were solved, and show programs on the way."""
        from course.lm import model

        total = model.parameters(self.base, embeddings=True)
        before, after = (round(WATCHED * self.points[at][1]) for at in (0, -1))
        self.tell(
            _(
                "This run trained {trained:,} numbers ({percent} of the model's) on "
                "{pairs:,} tasks, {done:,} of {planned:,} steps in {seconds:.0f} s. Of "
                "{watched} tasks whose programs it never saw it solved {before} before "
                "and {after} after."
            ).format(
                trained=self.trained,
                percent=percent(self.trained / total),
                pairs=self.pairs,
                done=self.done,
                planned=self.planned,
                seconds=self.seconds,
                watched=WATCHED,
                before=before,
                after=after,
            )
        )
        if self.done < ENOUGH:
            style.say(
                _(
                    "This computer is slow or busy: {done:,} steps are too few to see what "
                    "is learned first and what last (it takes {enough} or more). Run the "
                    "cell again with more seconds, or go by the recorded run."
                ).format(done=self.done, enough=ENOUGH)
            )
            self.recorded()
        rows = [
            {_("asked for"): self.tasks[i].words}
            | {when: self._program(at, i) for when, at in self._moments().items()}
            for i in range(READ)
        ]
        style.show(style.table(rows))

    def _moments(self) -> dict[str, int]:
        """Return the times whose programs are shown: column → place in `points`."""
        found = {_("before"): 0}
        inner = range(1, len(self.points) - 1)
        if inner:
            half = inner[len(inner) // 2]
            middle = next((i for i in inner if 0.1 < self.points[i][1] < 0.9), half)
            found[_("after {n} steps").format(n=self.points[middle][0])] = middle
        return found | {_("at the end"): len(self.points) - 1}

    def _program(self, at: int, i: int) -> style.Page:
        program, verdict = self.wrote[at][i], self.verdicts[at][i]
        page = f"{listing(program).html}<br>{html.escape(verdict)}"
        return style.Page(page, f"{program} {verdict}")

    def recorded(self) -> None:
        """Say what LoRA reached in the recorded run."""
        record = sources.record(RECORD)
        if record is None:
            return
        trials = record["ways"][WAY]
        mean, half = means(trials, "pass_at_1")
        found = {
            "trained": trials[0]["trained"],
            "share": percent(trials[0]["trained"] / record["parameters_with_embeddings"]),
            "right": percent(mean),
            "half": percent(half),
            "name": RECORD,
        }
        sources.figure_line(
            record | found,
            _(
                "LoRA trained {trained:,} numbers ({share} of the model's) and then solved "
                "{right} (± {half} over seeds) of {tests} tasks with one try."
            ),
        )


def live_lora(seconds: float = 50.0, *, seed: int = 1) -> LiveLoRA | None:
    """Fine-tune the base model by LoRA in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    seed : int
        Of tasks, order and first matrices.

    Returns
    -------
    LiveLoRA or None
        None while grading, and where something is missing: `lora_forward` of lesson 03, answered so
        that it passes its visible checks, or the base model.
    """
    return LiveLoRA(seconds, seed).run()


# The loop on the page -----------------------------------------------------------------------------


def programs_to_learn(count: int, batch: int = 32, seed: int = 1) -> tuple[Any, list[Any]]:
    """Return the base model, and batches of comments with the programs that they ask for.

    Parameters
    ----------
    count : int
        Tasks.
    batch : int
        Tasks in a batch.
    seed : int
        Of the tasks.

    Returns
    -------
    mini : GPT2LMHeadModel
        A copy of one's own, to change at will.
    batches : list of (tokens, program)
        ``tokens``, whole numbers of shape (batch, time + 1); ``program``, True or False, of shape
        (batch, time): whether the token after this place belongs to the program.
    """
    import torch

    from course.lm import model
    from course.lm.batching import padded
    from course.lm.data import encode
    from course.world import tasks

    mini, tokenizer = model.load(BASE)
    end = tokenizer.eos_token_id
    learned = tasks.tasks(count, "train", seed)
    asked = encode(tokenizer, [task.prompt for task in learned])
    answers = encode(tokenizer, [task.source.removeprefix(tasks.HEADER) for task in learned])
    batches = []
    for first in range(0, count, batch):
        some = range(first, min(first + batch, count))
        # Filled up with the end of a text: transformers would warn of the sign for padding.
        tokens = padded([[end, *asked[i], *answers[i], end] for i in some], end)
        place = torch.arange(1, tokens.shape[1])
        begins = torch.tensor([1 + len(asked[i]) for i in some])[:, None]
        ends = begins + torch.tensor([len(answers[i]) for i in some])[:, None]
        batches.append((tokens, (begins <= place) & (place <= ends)))
    return mini, batches


def matrices(mini: Any) -> list[Any]:
    """Return the layers of a GPT that hold a weight matrix, four in each block."""
    return [
        layer
        for block in mini.transformer.h
        for layer in (block.attn.c_attn, block.attn.c_proj, block.mlp.c_fc, block.mlp.c_proj)
    ]


def yours(name: str) -> Callable[..., Any]:
    """Return the notebook's own `lora_forward` if it is right, else the course's; say which.

    Parameters
    ----------
    name : str
        "lora_forward".
    """
    try:
        from IPython import get_ipython

        shell = get_ipython()
    except ImportError:
        shell = None
    mine = shell.user_ns.get(name) if shell else None
    return own.take(own.Wanted(name, mine, _trial, _lora))[0]


def _lora(x: Any, weight: Any, a: Any, b: Any, alpha: float) -> Any:
    import torch

    return torch.nn.functional.linear(x, weight + alpha / a.size(0) * (b @ a))


def _trial(function: Callable[..., Any]) -> None:
    """Raise an AssertionError if a `lora_forward` gives other values or cuts the way back."""
    import torch

    chance = torch.Generator().manual_seed(3)
    x, weight, a, b = (
        torch.randn(*s, generator=chance) for s in ((2, 4, 5), (3, 5), (2, 5), (3, 2))
    )
    wanted = _lora(x, weight, a, b, 3.0)
    expect(function(x, weight, a, b, 3.0), wanted, "lora_forward", reveal=False)
    expect_gradient(function, (x, weight, a, b, 3.0), "lora_forward", wrt=(2, 3), names=("a", "b"))


def writes(mini: Any, *requests: str) -> None:
    """Show the programs that a model writes for some requests, token by token, and what they give.

    Parameters
    ----------
    mini : GPT2LMHeadModel
        Also one whose layers were changed.
    *requests : str
        Such as ``"add 5, then times 3"``.
    """
    import torch

    from course.lm.tokenizer import load
    from course.stages import code
    from course.world import tasks

    tokenizer = load()
    for words in requests:
        row = [tokenizer.eos_token_id, *tokenizer(tasks.prompt(words))["input_ids"]]
        start = len(row)
        with torch.inference_mode():
            while len(row) < start + code.NEW_TOKENS:
                row.append(int(mini(torch.tensor([row])).logits[0, -1].argmax()))
                if row[-1] == tokenizer.eos_token_id:
                    break
        text = tokenizer.decode(row[start:], skip_special_tokens=True)
        program = code.first_program(tasks.HEADER + text)
        style.show(listing(tasks.prompt(words).removesuffix(tasks.HEADER) + program))
