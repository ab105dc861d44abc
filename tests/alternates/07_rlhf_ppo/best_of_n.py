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
