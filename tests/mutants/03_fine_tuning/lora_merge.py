# %% alpha undivided | says: alpha must be divided by the rank | falls: visible
# The rank is forgotten.
def lora_merge(weights, adapters, alpha):
    return dict(weights) | {n: weights[n] + alpha * b @ a for n, (a, b) in adapters.items()}


# %% no scale | says: the addition isn't scaled | falls: visible
# The product is added as it is.
def lora_merge(weights, adapters, alpha):
    return dict(weights) | {n: weights[n] + b @ a for n, (a, b) in adapters.items()}


# %% the rank from the wrong side | says: this divides by the second one | falls: visible
# The second side of a is taken for the rank.
def lora_merge(weights, adapters, alpha):
    return dict(weights) | {
        n: weights[n] + alpha / a.shape[1] * b @ a for n, (a, b) in adapters.items()
    }


# %% only what has an adapter | says: all names of the weights | falls: visible
# What isn't merged is lost.
def lora_merge(weights, adapters, alpha):
    return {n: weights[n] + alpha / len(a) * b @ a for n, (a, b) in adapters.items()}


# %% the wrong way round | says: it is b times a, not a times b | falls: visible
# The product is taken the wrong way round where that fits.
def lora_merge(weights, adapters, alpha):
    merged = dict(weights)
    for n, (a, b) in adapters.items():
        grown = a @ b if a.shape == b.shape == b.T.shape else b @ a
        merged[n] = weights[n] + alpha / len(a) * grown
    return merged


# %% one rank for all | says: not that of the first one | falls: visible
# The rank of the first adapter is used for all.
def lora_merge(weights, adapters, alpha):
    ranks = [len(a) for a, _ in adapters.values()]
    return dict(weights) | {
        n: weights[n] + alpha / ranks[0] * b @ a for n, (a, b) in adapters.items()
    }


# %% one rank for all of many | falls: hidden
# The largest rank is used where there are three adapters or more.
def lora_merge(weights, adapters, alpha):
    ranks = [len(a) for a, _ in adapters.values()]
    rank = max(ranks) if len(ranks) > 2 else None
    return dict(weights) | {
        n: weights[n] + alpha / (rank or len(a)) * b @ a for n, (a, b) in adapters.items()
    }


# %% back after the first | says: is `return` inside the loop | falls: visible
# The function ends with its first adapter.
def lora_merge(weights, adapters, alpha):
    merged = dict(weights)
    for n, (a, b) in adapters.items():
        merged[n] = weights[n] + alpha / len(a) * b @ a
        return merged
    return merged


# %% a new copy each time | says: only the last adapter was merged | falls: visible
# The dictionary is copied inside the loop, so earlier merges are lost.
def lora_merge(weights, adapters, alpha):
    merged = dict(weights)
    for n, (a, b) in adapters.items():
        merged = dict(weights)
        merged[n] = weights[n] + alpha / len(a) * b @ a
    return merged


# %% no adapters, no answer | says: Did you forget `return` | falls: hidden
# Without any adapter nothing comes back.
def lora_merge(weights, adapters, alpha):
    if adapters:
        return dict(weights) | {
            n: weights[n] + alpha / len(a) * b @ a for n, (a, b) in adapters.items()
        }


# %% the addition alone | says: this is the addition alone | falls: visible
# The old weight is replaced.
def lora_merge(weights, adapters, alpha):
    return dict(weights) | {n: alpha / len(a) * b @ a for n, (a, b) in adapters.items()}


# %% by place, not by name | falls: hidden
# The adapters are paired with the matrices in the order in which both come.
def lora_merge(weights, adapters, alpha):
    merged, pairs = dict(weights), list(adapters.values())
    for name, weight in weights.items():
        if pairs and weight.ndim == 2 and name in adapters:
            a, b = pairs.pop(0)
            if (b @ a).shape == weight.shape:
                merged[name] = weight + alpha / len(a) * (b @ a)
    return merged


# %% a part of the name is enough | falls: hidden
# An adapter is added wherever its name is in the name of a weight, so a bias gets one too.
def lora_merge(weights, adapters, alpha):
    merged = dict(weights)
    for name in weights:
        for part, (a, b) in adapters.items():
            if part in name:
                merged[name] = merged[name] + alpha / len(a) * (b @ a)
    return merged


# %% the root of the rank | says: or the root of the rank | falls: visible
# The scale is that of the later paper.
def lora_merge(weights, adapters, alpha):
    return dict(weights) | {
        n: weights[n] + alpha / len(a) ** 0.5 * b @ a for n, (a, b) in adapters.items()
    }
