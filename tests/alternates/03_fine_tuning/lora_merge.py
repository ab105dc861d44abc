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


# %% in place
# Adds to the caller's own arrays, which costs nothing.
def lora_merge(weights, adapters, alpha):
    for name, (a, b) in adapters.items():
        weights[name] += alpha / b.shape[1] * np.einsum("or,ri->oi", b, a)
    return weights


# %% through torch
# Lets torch add the scaled product.
def lora_merge(weights, adapters, alpha):
    def one(name):
        weight = torch.from_numpy(weights[name])
        if name not in adapters:
            return weight.numpy()
        a, b = map(torch.from_numpy, adapters[name])
        return torch.addmm(weight, b, a, alpha=alpha / a.size(0)).numpy()

    return {name: one(name) for name in weights}


# %% name by name of the weights
# Goes through the weights and asks for each whether it has an adapter; one contraction each.
def lora_merge(weights, adapters, alpha):
    def one(name, weight):
        if name not in adapters:
            return weight
        a, b = adapters[name]
        return weight + np.tensordot(alpha * b, a / a.shape[0], axes=1)

    return {name: one(name, weight) for name, weight in weights.items()}
