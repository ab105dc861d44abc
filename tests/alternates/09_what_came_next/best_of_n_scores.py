# %% from the best down
# Each answer is kept if nothing better is in the choice; the chance is built up step by step.
def best_of_n_scores(rewards, scores, n):
    reward = score = 0.0
    draws = rewards.shape[1]
    for proxy, truth in zip(rewards, scores):
        left = 1.0
        for place, k in enumerate(np.argsort(-proxy)):
            rest = draws - place
            share = n / rest if n < rest else 1.0
            reward += left * share * proxy[k]
            score += left * share * truth[k]
            left *= 1 - share
            if left <= 0:
                break
    return reward / len(rewards), score / len(rewards)


# %% logarithms of factorials
# Numbers of choices from scipy's logarithm of the gamma function.
from scipy.special import gammaln


def best_of_n_scores(rewards, scores, n):
    draws = rewards.shape[1]
    lower = (rewards[:, None, :] < rewards[:, :, None]).sum(axis=2).astype(float)
    enough = lower >= n - 1
    low = np.where(enough, lower, n - 1)
    logs = gammaln(low + 1) - gammaln(n) - gammaln(low - n + 2)
    logs -= gammaln(draws + 1) - gammaln(n + 1) - gammaln(draws - n + 1)
    weights = np.where(enough, np.exp(logs), 0.0)
    return (rewards * weights).sum(axis=1).mean(), (scores * weights).sum(axis=1).mean()


# %% shares as fractions
# The share in which nothing better was in the choice, answer by answer.
def best_of_n_scores(rewards, scores, n):
    from fractions import Fraction

    draws = rewards.shape[1]
    left, weights = Fraction(1), []
    for place in range(draws):
        remaining = draws - place
        share = Fraction(n, remaining) if remaining >= n else Fraction(1)
        weights.append(float(left * share))
        left *= 1 - share
    order = np.argsort(-rewards, axis=1)
    rows = np.arange(len(rewards))[:, None]
    kept = np.array(weights)
    return float((rewards[rows, order] @ kept).mean()), float((scores[rows, order] @ kept).mean())
