# %% alpha undivided | says: alpha must be divided by the rank | falls: visible
# The rank is forgotten.
def lora_merge(weights, adapters, alpha):
    return dict(weights) | {n: weights[n] + alpha * b @ a for n, (a, b) in adapters.items()}


# %% only what has an adapter | says: all names of the weights | falls: visible
# What isn't merged is lost.
def lora_merge(weights, adapters, alpha):
    return {n: weights[n] + alpha / len(a) * b @ a for n, (a, b) in adapters.items()}


# %% transposed | says: it is b times a, not a times b | falls: visible
# The product is taken the wrong way round where that fits.
def lora_merge(weights, adapters, alpha):
    merged = dict(weights)
    for n, (a, b) in adapters.items():
        grown = a @ b if a.shape == b.shape == b.T.shape else b @ a
        merged[n] = weights[n] + alpha / len(a) * grown
    return merged


# %% one rank for all | says: not that of the first one | falls: hidden
# The rank of the first adapter is used for all.
def lora_merge(weights, adapters, alpha):
    ranks = [len(a) for a, _ in adapters.values()]
    rank = ranks[0] if len(ranks) > 2 else None
    return dict(weights) | {
        n: weights[n] + alpha / (rank or len(a)) * b @ a for n, (a, b) in adapters.items()
    }


# %% divided by the outputs | says: divide by the rank, not by the outputs | falls: hidden
# The first side of b is taken for the rank.
def lora_merge(weights, adapters, alpha):
    return dict(weights) | {
        n: weights[n] + alpha / (len(b) if len(adapters) == 1 and len(b) > 2 else len(a)) * b @ a
        for n, (a, b) in adapters.items()
    }
