"""DPO on a real model: the recorded run as a table, and a live run on recorded pairs.

The labeler's rule, the pairs and the figures are `course.studies.l09_smollm2_dpo`'s; how a live
demo goes on is `course.show.live_real`'s. The live run has half of the pairs. Left out on purpose:
the KL of the live run, which takes as long as its training.
"""

from collections.abc import Iterator
from typing import Any

from course.language import N_, _
from course.show import live_real, sources, style
from course.stages.stage import DPO
from course.stats import percent, percent_within

RECORD = "smollm2_dpo"
PAIRS, BATCH, EPOCHS = 24, 4, 4  # of the live run
ASKED = 12  # questions that are asked on the way


# The recorded run ---------------------------------------------------------------------------------


def real_dpo() -> None:
    """Show what the recorded run measured: wins, KL, answers, and what it cost."""
    found = sources.record(RECORD)
    if found is None:
        return
    style.show(style.table(_results(found)), style.table(_answers(found["examples"])))
    sources.figure_line(
        found | {"name": RECORD},
        _(
            "{questions} questions that no pair is about. DPO learned from {pairs} pairs with "
            "β = {beta:g}, {steps} steps in {seconds:.0f} s ({computing:.0f} s of processor "
            "time) and "
            "at most {memory_mb:,} MB of memory. A rule judged: an answer should come to an "
            "end, in "
            "about {words} words, without a list."
        ),
    )


def _results(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each way: the untouched model, best-of-n, DPO."""
    rows = [_row(_("SmolLM2, untouched"), found["untouched"], "", "0")]
    most = max(found["wins_best_of"], key=int)
    for n, share in found["wins_best_of"].items():
        if n == "1":
            continue
        said = found["best_of"] if n == most else None
        won = percent_within(share, *found["intervals"][f"best_of_{n}"])
        rows.append(
            _row(
                _("best of {n}").format(n=n),
                said,
                won,
                _("at most {kl_best_of:.2f}").format(kl_best_of=found["kl_best_of"][n]),
            )
        )
    won = percent_within(found["win_dpo"], *found["intervals"]["dpo"])
    apart = f"{found['kl']:.1f} ± {1.96 * found['kl_error']:.1f}"
    return [*rows, _row("DPO", found["dpo"], won, apart)]


def _row(name: str, said: dict[str, float] | None, won: str, kl: str) -> dict[str, Any]:
    return {
        "": name,
        _("wins against the untouched model (95%)"): won,
        _("KL, nats per answer"): kl,
        _("words"): f"{said['words']:.0f}" if said else "",
        _("come to an end"): percent(said["ended"], 0) if said else "",
    }


def _answers(examples: list[dict[str, str]]) -> list[dict[str, str]]:
    return [
        {
            _("asked"): one["question"],
            _("SmolLM2, untouched"): " ".join(one["untouched"].split()),
            _("best of several"): " ".join(one["best_of"].split()),
            "DPO": " ".join(one["dpo"].split()),
        }
        for one in examples
    ]


# The live run -------------------------------------------------------------------------------------


class LiveRealDPO(live_real.LiveReal):
    """SmolLM2 learns from recorded pairs."""

    name, needs = N_("DPO on SmolLM2"), DPO
    titles = (N_("DPO's loss, live"), N_("Wins against its first answers"))
    loss_in, highest, legend = N_("loss (nats per pair)"), 1.0, "lower left"

    def load(self) -> None:
        """Read the pairs and load the model."""
        from course.studies import l09_smollm2_dpo

        self.study = l09_smollm2_dpo
        self.recorded_pairs = l09_smollm2_dpo.pairs()[:PAIRS]
        super().load()

    def prepare(self) -> None:
        """Put the adapter in, and ask the untouched model about each pair."""
        from course.real import tune

        super().prepare()
        self.asked = self.study.questions("test")[:ASKED]
        with tune.switched_off(self.model) as plain:
            pairs = self.study.known(plain, self.tokenizer, self.recorded_pairs)
        self.learn(pairs, self.study.Recipe(epochs=EPOCHS, batch=BATCH))

    def training(self, model: Any, trial: bool) -> Iterator[Any]:
        """Return the training of the adapter."""
        return self.study.training(model, self.rows, **self.exercises, recipe=self.recipe)

    def ask(self, plain: Any) -> list[Any]:
        """Return the most probable answers."""
        drawn = self.study.draw(plain, self.tokenizer, self.asked, 1, 0, temperature=0.0)
        return [answer for ((_, answer),) in drawn]

    def good(self, at: int = -1) -> list[float]:
        """Return which answers win against the first ones."""
        return [*map(self.study.wins, self.answers[at], self.answers[0])]

    def conclude(self) -> None:
        """Show the first and the last answers side by side."""
        self.tell(
            _(
                "{done} of {planned} steps on {n} pairs, {seconds:.0f} s. By the rule "
                "its answers win {percent} of {asked} questions against its own first "
                "answers; a tie counts one half."
            ).format(
                done=self.done,
                planned=self.planned,
                n=len(self.rows),
                seconds=self.seconds,
                percent=percent(self.points[-1][1], 0),
                asked=len(self.asked),
            )
        )
        self.admit()
        rows = [
            {
                _("asked"): question,
                "SmolLM2": " ".join(old.text.split()),
                _("after DPO"): " ".join(new.text.split()),
            }
            for question, old, new in zip(
                self.asked[:5], self.answers[0], self.answers[-1], strict=False
            )
        ]
        style.show(style.table(rows))

    def recorded(self) -> None:
        """Say what the recorded run reached."""
        found = sources.record(RECORD)
        if found is not None:
            sources.figure_line(
                found | {"name": RECORD, "won": percent(found["win_dpo"], 0)},
                _(
                    "After DPO on {pairs} pairs SmolLM2's answers to other questions won {won} "
                    "against those of the untouched model."
                ),
            )


def live_real_dpo(seconds: float = 50.0) -> LiveRealDPO | None:
    """Train SmolLM2 by DPO on recorded pairs, in front of the reader's eyes.

    Parameters
    ----------
    seconds : float
        How long it may take; ``COURSE_DEMO_SECONDS`` overrides it. Loading comes on top.

    Returns
    -------
    LiveRealDPO or None
        None while grading, and where the model or an answer to `dpo_loss` is missing.
    """
    return LiveRealDPO(seconds).run()
