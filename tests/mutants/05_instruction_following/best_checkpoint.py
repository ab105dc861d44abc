# %% last of equals | says: take the first | falls: visible
# The loop lets an equal loss take the place.
def best_checkpoint(losses, rates, n):
    best = 0
    for i, loss in enumerate(losses):
        if loss <= losses[best]:
            best = i
    p = max(rates)
    limit = p - (p * (1 - p) / n) ** 0.5
    return best, next(i for i, r in enumerate(rates) if r >= limit)


# %% highest rate | says: within one standard error is as good | falls: visible
# The highest rate wins, also by luck.
def best_checkpoint(losses, rates, n):
    return int(np.argmin(losses)), int(np.argmax(rates))


# %% by loss twice | says: look at the rates | falls: visible
# The round is chosen by the loss alone.
def best_checkpoint(losses, rates, n):
    return int(np.argmin(losses)), int(np.argmin(losses))


# %% 95 percent | says: take one | falls: hidden
# The usual 1.96 standard errors.
def best_checkpoint(losses, rates, n):
    p = max(rates)
    limit = p - 1.96 * (p * (1 - p) / n) ** 0.5
    return int(np.argmin(losses)), next(i for i, r in enumerate(rates) if r >= limit)


# %% n is 100 | says: n isn't always 100 | falls: hidden
# The number of the example is written down.
def best_checkpoint(losses, rates, n):
    p = max(rates)
    limit = p - (p * (1 - p) / 100) ** 0.5
    return int(np.argmin(losses)), next(i for i, r in enumerate(rates) if r >= limit)


# %% last within one error | says: take the earliest | falls: hidden
# Later rounds are preferred.
def best_checkpoint(losses, rates, n):
    p = max(rates)
    limit = p - (p * (1 - p) / n) ** 0.5
    good = [i for i, r in enumerate(rates) if r >= limit]
    return int(np.argmin(losses)), good[-1] if len(rates) > 4 else good[0]


# %% variance | says: within one standard error is as good | falls: hidden
# The root is forgotten; the example has a high rate within the tiny step as well.
def best_checkpoint(losses, rates, n):
    p = max(rates)
    limit = p - (p * (1 - p) / n) * (1 if len(rates) > 4 else 20)
    return int(np.argmin(losses)), next(i for i, r in enumerate(rates) if r >= limit)


# %% strictly above | says: equal is enough | falls: hidden
# A rate of 1 has the standard error 0, and nothing is above it.
def best_checkpoint(losses, rates, n):
    p = max(rates)
    limit = p - (p * (1 - p) / n) ** 0.5
    above = np.asarray(rates) > limit
    return int(np.argmin(losses)), int(np.argmax(above))


# %% own error of each round | says: take that of the highest rate | falls: hidden
# Each round is given its own standard error, which is larger where the rate is lower.
def best_checkpoint(losses, rates, n):
    rates = np.array(rates)
    reach = rates + np.sqrt(rates * (1 - rates) / n)
    return int(np.argmin(losses)), int(np.argmax(reach >= rates.max()))
