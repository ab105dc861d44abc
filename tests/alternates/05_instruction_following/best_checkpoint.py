# %% plain Python
# index finds the first of equals; next finds the first that is good enough.
def best_checkpoint(losses, rates, n):
    losses, rates = list(losses), list(rates)
    top = max(rates)
    allowed = (top * (1 - top) / n) ** 0.5
    by_rate = next(i for i, rate in enumerate(rates) if rate >= top - allowed)
    return losses.index(min(losses)), by_rate
