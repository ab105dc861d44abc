# %% logits set to minus infinity
# Works on logits throughout: what is cut becomes minus infinity, softmax is taken after each step.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    def softmax(z):
        e = np.exp(z - np.max(z))
        return e / np.sum(e)

    if temperature == 0:
        logits = np.where(logits == np.max(logits), 0.0, -np.inf)
    else:
        logits = logits / temperature
    if top_k is not None and top_k < len(logits):
        logits = np.where(logits < np.partition(logits, -top_k)[-top_k], -np.inf, logits)
    if top_p is not None and top_p < 1:
        p = softmax(logits)
        order = np.argsort(-p)
        before = np.cumsum(p[order]) - p[order]
        lowest = logits[order][before < top_p].min()
        logits = np.where(logits < lowest, -np.inf, logits)
    return softmax(logits)


# %% plain Python
# Lists and loops; goes down the sorted probabilities one by one.
import math


def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    z = [float(x) for x in logits]
    top = max(z)
    if temperature == 0:
        p = [1.0 if x == top else 0.0 for x in z]
    else:
        p = [math.exp((x - top) / temperature) for x in z]

    def cut(p, lowest):
        p = [x if x >= lowest else 0.0 for x in p]
        total = math.fsum(p)
        return [x / total for x in p]

    p = cut(p, 0.0)
    if top_k is not None:
        p = cut(p, sorted(p, reverse=True)[:top_k][-1])
    if top_p is not None and top_p < 1:
        total = 0.0
        for lowest in sorted(p, reverse=True):
            total += lowest
            if total >= top_p:
                break
        p = cut(p, lowest)
    return np.array(p)


# %% how many are more likely
# Counts for each token how many are more likely, and how much probability these have.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = np.isclose(logits, logits.max(), rtol=0, atol=0) * 1.0
    else:
        z = logits / temperature
        p = np.exp(z - np.logaddexp.reduce(z))
    p = p / p.sum()
    if top_k is not None:
        better = (p[None, :] > p[:, None]).sum(axis=1)
        p = np.where(better < top_k, p, 0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        before = np.where(p[None, :] > p[:, None], p[None, :], 0).sum(axis=1)
        p = np.where(before < top_p, p, 0)
        p = p / p.sum()
    return p


# %% strictly above
# The sum has to be strictly above top_p; only rounding could tell it from reaching it.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = np.equal(logits, np.max(logits)).astype(float)
    else:
        p = np.exp((logits - np.max(logits)) / temperature)
    p /= p.sum()
    ranked = np.sort(p)[::-1]
    if top_k is not None:
        p[p < ranked[:top_k][-1]] = 0
        p /= p.sum()
    if top_p is not None and top_p < 1:
        ranked = np.sort(p)[::-1]
        above = np.flatnonzero(np.cumsum(ranked) > top_p)
        p[p < ranked[above[0] if len(above) else -1]] = 0
        p /= p.sum()
    return p


# %% a list of those that stay
# Tokens leave a list of candidates; the probabilities are computed again from those that stay.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    top = max(logits)
    p = [float(z == top) if temperature == 0 else float(np.exp((z - top) / temperature)) for z in logits]
    stay = sorted(range(len(p)), key=lambda i: -logits[i])

    def cut(count):
        last = p[stay[count - 1]]
        return [i for i in stay if p[i] >= last]

    if top_k is not None:
        stay = cut(min(top_k, len(stay)))
    if top_p is not None and top_p != 1:
        total, whole, count = 0.0, sum(p[i] for i in stay), 0
        while count < len(stay) and total / whole < top_p:
            total += p[stay[count]]
            count += 1
        stay = cut(count)
    whole = sum(p[i] for i in stay)
    return np.array([p[i] / whole if i in stay else 0 for i in range(len(p))])
