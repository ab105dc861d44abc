"""Tables of stages with other plans, for tests that run stages in a tiny form."""

from dataclasses import replace


def planned(table, plans):
    """Return `table` in which the stages of `plans` (name → plan) do as little as these say."""

    def follow(stage, plan):
        return replace(stage, work=lambda: replace(stage.work(), full=plan, quick=plan))

    return table | {name: follow(table[name], plan) for name, plan in plans.items()}
