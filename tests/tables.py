"""Tables of stages with other plans, for tests that run stages in a tiny form."""

from dataclasses import replace

from course.lm import evaluate


def planned(table, plans):
    """Return `table` in which the stages of `plans` (name → plan) do as little as these say."""

    def follow(stage, plan):
        return replace(stage, work=lambda: replace(stage.work(), full=plan, quick=plan))

    return table | {name: follow(table[name], plan) for name, plan in plans.items()}


def fit_on_few(patch):
    """Let models be measured on a few documents where nobody says on how many."""
    fit = evaluate.fit

    def few(mini, tokenizer, documents=200, **more):
        return fit(mini, tokenizer, documents, **more)

    patch.setattr(evaluate, "fit", few)
