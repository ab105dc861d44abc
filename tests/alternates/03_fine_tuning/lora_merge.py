# %% rank by rank
# Adds one outer product for each rank.
def lora_merge(weights, adapters, alpha):
    merged = {}
    for name, weight in weights.items():
        total = weight.copy()
        if name in adapters:
            a, b = adapters[name]
            for row, column in zip(a, b.T, strict=True):
                total = total + np.outer(column, row) * alpha / a.shape[0]
        merged[name] = total
    return merged
