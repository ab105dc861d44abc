# %% Newton
# Solves for the ratings directly, by Newton's method on the log-likelihood.
def bradley_terry(points):
    n = len(points)
    won = points + 0.5 * (1 - np.eye(n))
    games = won + won.T
    r = np.zeros(n)
    for _ in range(300):
        chance = 1 / (1 + np.exp(r[None, :] - r[:, None]))
        slope = (won - games * chance).sum(1)
        bend = games * chance * (1 - chance)
        step = np.linalg.solve(np.diag(bend.sum(1)) - bend + np.ones((n, n)) / n, slope)
        r = r + np.clip(step, -1, 1)
    r = 400 / np.log(10) * r
    return r - r.mean() + 1000


# %% one model after the other
# The same formula in loops, each new strength used at once.
def bradley_terry(points):
    n = len(points)
    p = [1.0] * n
    while True:
        largest = 0.0
        for i in range(n):
            wins = sum(points[i, j] + 0.5 for j in range(n) if j != i)
            below = sum(
                (points[i, j] + points[j, i] + 1) / (p[i] + p[j]) for j in range(n) if j != i
            )
            largest = max(largest, abs(wins / below / p[i] - 1))
            p[i] = wins / below
        if largest < 1e-10:
            break
    ratings = 400 * np.log10(np.array(p))
    return ratings - ratings.mean() + 1000


# %% scipy
# Hands the log-likelihood and its slope to a general optimiser.
def bradley_terry(points):
    from scipy.optimize import minimize

    n = len(points)
    won = points + 0.5 * (1 - np.eye(n))

    def cost(r):
        gap = r[:, None] - r[None, :]
        slope = won / (1 + np.exp(gap))
        return (won * np.logaddexp(0, -gap)).sum(), slope.sum(0) - slope.sum(1)

    r = minimize(cost, np.zeros(n), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    r = 400 / np.log(10) * r
    return r - r.mean() + 1000


# %% with the diagonal left in
# Each model also plays a tie with itself, which moves nothing; logarithms of strengths.
def bradley_terry(points):
    won = np.array(points, dtype=float) + 0.5
    logs = np.zeros(len(won))
    while True:
        sums = np.logaddexp.outer(logs, logs)
        new = np.log(won.sum(1)) - np.log(((won + won.T) * np.exp(-sums)).sum(1))
        new -= new.mean()
        if np.abs(new - logs).max() * 400 / np.log(10) < 1e-6:
            return 1000 + 400 * new / np.log(10)
        logs = new
