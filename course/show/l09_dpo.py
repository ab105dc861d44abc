"""DPO in front of your eyes: agreement with the labeler and true score, as the policy learns.

The training is made of the exercise of lesson 09; how a live demo goes on is `course.show.live`'s.
A part of the time goes into answers for the labeler to rank. Left out on purpose: a choice of
models.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from course.language import N_, _
from course.seeds import stream
from course.show import answers, live, sources, style
from course.show.charts import level, percent_ticks
from course.show.l09_frontier import SHADES, frontier_table
from course.stages.stage import DPO

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor
    from transformers import GPT2LMHeadModel

START, OTHER = "mini-sft", "mini-instruct"
BETA = 0.5
MOST, CHUNK = 4_000, 200  # requests whose answers are ranked, and how many at once
SHARE = 0.3  # of the time, for answers and rankings
WATCHED = 150  # requests that are asked on the way


@dataclass(frozen=True)
class Batch:
    """Pairs of ranked answers, for a loop on the page.

    ``preferred`` and ``other`` hold for each pair the tokens of request and answer, and where the
    answer begins; ``reference`` what the reference model says of both, in nats, each of shape
    (pairs,).
    """

    preferred: list[tuple[tuple[int, ...], int]]
    other: list[tuple[tuple[int, ...], int]]
    reference: "tuple[Tensor, Tensor]"


def dpo_pairs(
    requests: int, size: int = 32, seed: int = 1
) -> "tuple[GPT2LMHeadModel, list[Batch]]":
    """Have ``mini-sft`` answer and the labeler rank; return a copy of it and the pairs.

    Parameters
    ----------
    requests : int
        Each is answered four times, so it gives up to six pairs.
    size : int
        Pairs of a batch, at most.
    seed : int
        Of requests, answers, the labeler's noise and the order of the pairs.

    Raises
    ------
    CourseError
        If ``mini-sft`` isn't on this computer.
    """
    import random

    import torch

    from course.lm import model
    from course.stages import dpo, reward
    from course.world import demonstrate

    policy, tokenizer = model.load(START)
    asked = demonstrate.requests(
        requests, "train", stream("live/rankings", seed), mix=demonstrate.COMPARED_MIX
    )
    rankings = reward.compare([policy], tokenizer, list(asked), seed)
    learned = dpo.compared(policy, tokenizer, rankings)
    pairs = [(c, a, b) for c in learned for a, b in zip(*c.pairs(), strict=True)]
    random.Random(seed).shuffle(pairs)
    batches = []
    for at in range(0, len(pairs), size):
        part = pairs[at : at + size]
        sides = [[(c.rows[pair[side]], c.start) for c, *pair in part] for side in (0, 1)]
        known = [torch.tensor([c.reference[pair[side]] for c, *pair in part]) for side in (0, 1)]
        batches.append(Batch(sides[0], sides[1], (known[0], known[1])))
    return policy, batches


def answer_logprobs(
    policy: "GPT2LMHeadModel", answers: "Sequence[tuple[tuple[int, ...], int]]"
) -> "Tensor":
    """Return the log-probability of each whole answer under `policy`, in nats, shape (answers,)."""
    from course.lm import forward
    from course.stages import dpo

    rows, starts = [row for row, _ in answers], [start for _, start in answers]
    pad = policy.config.pad_token_id
    return dpo.answer_logprobs(forward.weights(policy), rows, starts, pad)


class LiveDPO(live.Watched):
    """The SFT model is trained by DPO; ``ceiling`` is the agreement that no judge can pass."""

    name, needs = "DPO", DPO
    instead = N_("are the recorded runs of DPO")
    kept = N_("; the policy keeps what it has learned.")
    stops = (0.25, 0.5, 0.75)
    shade = SHADES["DPO"][0]
    measure, form = N_("agreement"), (".0%", ".2f")

    def __init__(self, seconds: float, beta: float, seed: int) -> None:
        super().__init__(seconds)
        self.beta, self.seed = beta, seed
        self.rankings, self.ceiling = 0, 1.0

    def load(self) -> None:
        """Load the policy and the reference model, which are the same at first."""
        from course.lm import evals, model
        from course.stages import dpo

        self.model, self.tokenizer = model.load(START)
        self.reference, _x = model.load(START)
        self.recipe = replace(dpo.Recipe(), beta=self.beta)
        self.requests = list(evals.asked_in("test").mixed[:WATCHED])
        self.past = sources.record(OTHER)

    def prepare(self) -> None:
        """Have the reference model answer, and the labeler rank, for a part of the time."""
        from course.stages import dpo, reward
        from course.world import demonstrate

        mix = demonstrate.COMPARED_MIX
        requests = list(
            demonstrate.requests(MOST, "train", stream("live/rankings", self.seed), mix=mix)
        )
        self.progress.show(
            live.bar(0, _("{model} answers, the labeler ranks …").format(model=START))
        )
        rankings: list[Any] = []
        gone = 0.0
        while len(rankings) < MOST and gone < SHARE * self.limit:
            part = requests[len(rankings) : len(rankings) + CHUNK]
            seed = self.seed + len(rankings)
            rankings += reward.compare([self.reference], self.tokenizer, part, seed)
            gone = self.limit - self.left()
            done = max(gone / max(self.limit, 1e-9), SHARE * len(rankings) / MOST)
            line = _("{n:,} requests ranked").format(n=len(rankings))
            self.progress.show(live.bar(min(SHARE, done), line))
        self.learned = dpo.compared(self.reference, self.tokenizer, rankings)
        blind = [0.0] * sum(len(r.rows) for r in rankings)
        self.ceiling = reward.agreement(blind, rankings)["ceiling"]

    def plan(self, steps: int) -> None:
        """Learn from as many rankings as fit."""
        batch = self.recipe.batch
        self.learned = self.learned[: max(4, steps) * batch]
        self.rankings, self.planned = len(self.learned), -(-len(self.learned) // batch)

    def training(self, model: Any, _: bool) -> Iterator[Any]:
        """Return the training."""
        from course.stages import dpo

        return dpo.train(
            model, self.tokenizer, self.learned, **self.exercises, recipe=self.recipe,
            seed=self.seed,
        )  # fmt: skip

    def value(self, p: Any) -> float:
        """Return the agreement with the labeler."""
        return p.accuracy

    def look(self) -> tuple[float, float, float]:
        """Ask the watched requests; return the mean true score."""
        from course.lm import evals
        from course.lm.evaluate import standard_error

        prompts = evals.chat_prompts(self.tokenizer, self.requests)
        texts = evals.answers(self.model, self.tokenizer, prompts, temperature=1.0, seed=self.seed)
        scores = [j.score for j in evals.judge(self.requests, texts)]
        mean, half = statistics.fmean(scores), 1.96 * standard_error(scores)
        return mean, mean - half, mean + half

    def part(self) -> float:
        """Return how much of the bar is filled; the rankings were the first part."""
        return SHARE + (1 - SHARE) * super().part()

    def dress(self, left: "Axes", right: "Axes") -> None:
        """Give both axes their titles and scales, and what can be reached."""
        left.axhline(0.5, color=style.LINE, lw=1.2)
        level(
            left,
            self.ceiling,
            _("the labels' noise: no judge above {ceiling:.0%}").format(ceiling=self.ceiling),
        )
        left.set_ylim(0.4, 0.95)
        percent_ticks(left, "y", (0.4, 0.5, 0.6, 0.7, 0.8, 0.9))
        left.set_title(_("Agreement with the labeler, live"))
        left.legend(loc="lower right", fontsize=9.5)
        right.set(ylabel=_("points"), title=_("True score, with 95% interval"))
        if self.past:
            after = self.past["true_after"]
            level(
                right, after, _("{model} (PPO), recorded").format(model=OTHER), style.colour(OTHER)
            )
            right.set_ylim(min(0.2, self.past["true_before"] - 0.4), after + 0.35)

    def conclude(self) -> None:
        """Say how agreement and true score have changed."""
        shares = [share for _x, share in self.curve]
        first, last = (statistics.fmean(part) for part in (shares[:15], shares[-15:]))
        score = " → ".join(f"{self.points[at][1]:.2f}" for at in (0, -1))
        self.tell(
            _(
                "This run: {done:,} of {planned:,} steps over {rankings:,} rankings in "
                "{seconds:.0f} s. Agreement on pairs that it hadn't seen yet "
                "{first:.0%} → {last:.0%} (no judge above {ceiling:.0%}), true score "
                "{score} points."
            ).format(
                done=self.done,
                planned=self.planned,
                rankings=self.rankings,
                seconds=self.seconds,
                first=first,
                last=last,
                ceiling=self.ceiling,
                score=score,
            )
        )

    def recorded(self) -> None:
        """Show the recorded points of DPO."""
        if record := sources.record("frontier"):
            points = [p for p in record["points"] if p["method"] == "DPO"]
            style.show(frontier_table({"points": points}))


def live_dpo(seconds: float = 50.0, *, beta: float = BETA, seed: int = 1) -> LiveDPO | None:
    """Train ``mini-sft`` by DPO in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading torch comes on top.
    beta : float
        The price of a nat.
    seed : int
        Of answers, rankings and their order.

    Returns
    -------
    LiveDPO or None
        None while grading, and where something is missing: `dpo_loss` of lesson 09, answered so
        that it passes its visible checks, or the SFT model.
    """
    return LiveDPO(seconds, beta, seed).run()


def before_and_after(run: LiveDPO | None, seed: int = 3) -> style.Page | None:
    """Return answers of SFT, DPO (if a run is there) and PPO to the same requests.

    Parameters
    ----------
    run : LiveDPO or None
        A live run.
    seed : int
        Of the draws.
    """
    live_policy = {_("DPO, live"): run.model} if run and run.done else {}
    return answers.side_by_side({START: None, **live_policy, OTHER: None}, seed, temperature=0.0)
