# %% comparisons
# For each answer the probability of all worse ones, from a table of comparisons.
def best_of_n(probabilities, rewards, n):
    worse = (rewards[None, :] < rewards[:, None]) @ probabilities
    q = (worse + probabilities) ** n - worse**n
    ratio = np.where(q > 0, q / probabilities, 1.0)
    return q, float(q @ np.log(ratio))


# %% from the best down
# Answer by answer, in plain Python: what is left for the worse ones goes down to 0.
import math


def best_of_n(probabilities, rewards, n):
    q, left, kl = np.zeros(len(rewards)), 1.0, 0.0
    for i in sorted(range(len(rewards)), key=lambda i: -rewards[i]):
        lower = max(0.0, left - float(probabilities[i]))
        q[i] = left**n - lower**n
        if q[i] > 0:
            kl += q[i] * math.log(q[i] / probabilities[i])
        left = lower
    return q, float(kl)


# %% by ranks
# The rank of each answer looks its value up in a table that is sorted; the arguments are changed.
def best_of_n(probabilities, rewards, n):
    order = rewards.argsort()
    ranks = order.argsort()
    probabilities[:] = probabilities[order]
    ends = np.cumsum(probabilities)
    q = ends**n - (ends - probabilities) ** n
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(q > 0, q * np.log(q / probabilities), 0.0)
    return q[ranks], parts.sum()
