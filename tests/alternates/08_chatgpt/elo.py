# %% powers first
# Writes the expectation as a share of two powers, and keeps the ratings as an array.
def elo(games, models, k):
    at = {name: i for i, name in enumerate(models)}
    r = np.full(len(models), 1000.0)
    for a, b, s in games:
        i, j = at[a], at[b]
        qa, qb = 10 ** (r[i] / 400), 10 ** (r[j] / 400)
        old = r.copy()
        r[i] = old[i] + k * (s - qa / (qa + qb))
        r[j] = old[j] + k * ((1 - s) - qb / (qa + qb))
    return {name: float(r[i]) for name, i in at.items()}
