# %% multiplied by the temperature | says: divide the logits by it | falls: visible
# A higher temperature is thought to sharpen.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) * temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% not divided by the sum | says: the probabilities don't sum to 1 | falls: visible
# What is cut off is lost and not shared among the rest.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
    return p


# %% crossing token dropped | says: the token with which the sum reaches top_p stays too | falls: visible
# Only tokens whose running sum is still below top_p are kept (but always the first).
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        keep = max(1, int((np.cumsum(ordered) < top_p).sum()))
        p = np.where(p >= ordered[keep - 1], p, 0.0)
        p = p / p.sum()
    return p


# %% one token too many | says: one token too many is kept | falls: visible
# The threshold of top-k is the (k + 1)-th probability.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p) - 1)], p, 0.0)
        p = p / p.sum()
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% ties cut by position | says: equal tokens share one fate | falls: visible
# Exactly k tokens are kept by their rank; of two equal ones the later is dropped.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        best = np.argsort(-p, kind="stable")[:top_k]
        p = np.where(np.isin(np.arange(len(p)), best), p, 0.0)
        p = p / p.sum()
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% top-p on the old probabilities | says: top-p must add up the probabilities after top-k | falls: hidden
# Both filters look at the distribution before any cut.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    kept = np.ones(len(p), dtype=bool)
    ordered = np.sort(p)[::-1]
    if top_k is not None:
        kept &= p >= ordered[min(top_k, len(p)) - 1]
    if top_p is not None:
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        kept &= p >= ordered[last]
    return np.where(kept, p, 0.0) / p[kept].sum()


# %% greedy takes the first | says: let them share it | falls: hidden
# At temperature 0 argmax gives everything to the first of the largest logits.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = np.zeros(len(logits))
        p[np.argmax(logits)] = 1.0
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% naive exponential | says: the exponential overflows | falls: hidden
# The largest logit isn't subtracted, so a low temperature overflows.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp(logits / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% top-p 1 keeps one token | says: rounding keeps the running sum below 1 | falls: hidden
# argmax over "sum reached" gives place 0 when rounding keeps the sum below 1.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None:
        ordered = np.sort(p)[::-1]
        p = np.where(p >= ordered[np.argmax(np.cumsum(ordered) >= top_p)], p, 0.0)
        p = p / p.sum()
    return p


# %% a tiny temperature for 0 | says: A tiny number in place of temperature 0 isn't enough | falls: hidden
# Temperature 0 is avoided by a very small one, so a logit just below the largest gets a share.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    p = np.exp((logits - logits.max()) / max(temperature, 1e-6))
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% close counts as equal | says: close isn't equal | falls: hidden
# Probabilities are rounded before they are compared.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p.round(6) >= np.sort(p.round(6))[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% sorted result | says: the result is sorted | falls: visible
# The probabilities are returned from large to small.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None or top_p is not None:
        p = np.sort(p)[::-1]
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% top-p before top-k | says: top-p must add up the probabilities after top-k | falls: hidden
# The two filters are exchanged.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    return p


# %% temperature last | says: top-p must come after the temperature | falls: hidden
# The filters look at the probabilities of temperature 1; what is left is sharpened.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    if temperature == 0:
        p = (p == p.max()).astype(float)
    else:
        p = np.where(p > 0, np.exp((logits - logits.max()) / temperature), 0.0)
    return p / p.sum()


# %% low temperature is greedy | falls: hidden
# Any temperature below a tenth is taken for 0.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature < 0.1:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% logits set to 0 | says: a logit of 0 isn't 'removed' | falls: visible
# What is cut off gets the logit 0.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    def softmax(z):
        if temperature == 0:
            e = (z == z.max()).astype(float)
        else:
            e = np.exp((z - z.max()) / temperature)
        return e / e.sum()

    z = np.array(logits, dtype=float)
    if top_k is not None:
        z[z < np.sort(z)[::-1][min(top_k, len(z)) - 1]] = 0
    p = softmax(z)
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        z[p < ordered[last]] = 0
        p = softmax(z)
    return p


# %% every token above top-p | falls: visible
# Top-p is taken for a threshold that each single token has to reach.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        p = np.where(p >= min(1 - top_p, p.max()), p, 0.0)
        p = p / p.sum()
    return p


# %% either filter | says: or only top-k was used | falls: hidden
# Where top-k is given, top-p is passed over.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        p = np.where(p >= np.sort(p)[::-1][min(top_k, len(p)) - 1], p, 0.0)
        p = p / p.sum()
    elif top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p


# %% the token | falls: visible
# The most likely token is returned, and not the probabilities.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    return int(np.argmax(logits))


# %% k different probabilities | says: two equal tokens are two of the top_k | falls: hidden
# Equal tokens are counted as one place of the first k.
def next_token_distribution(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        p = (logits == logits.max()).astype(float)
    else:
        p = np.exp((logits - logits.max()) / temperature)
    p = p / p.sum()
    if top_k is not None:
        levels = np.unique(p)[::-1]
        p = np.where(p >= levels[min(top_k, len(levels)) - 1], p, 0.0)
        p = p / p.sum()
    if top_p is not None and top_p < 1:
        ordered = np.sort(p)[::-1]
        last = min(np.searchsorted(np.cumsum(ordered), top_p), len(p) - 1)
        p = np.where(p >= ordered[last], p, 0.0)
        p = p / p.sum()
    return p
