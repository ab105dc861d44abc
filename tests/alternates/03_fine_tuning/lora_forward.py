# %% merged first
# Adds the product to the weight and multiplies once.
def lora_forward(x, weight, a, b, alpha):
    rank = b.shape[-1]
    return torch.nn.functional.linear(x, weight + (b @ a) * (alpha / rank))


# %% sums over named axes
# Writes all products as sums over named axes.
def lora_forward(x, weight, a, b, alpha):
    narrow = torch.einsum("...i,ri->...r", x, a * alpha / a.size(0))
    return torch.einsum("...i,oi->...o", x, weight) + torch.einsum("...r,or->...o", narrow, b)


# %% rank by rank
# Adds one rank after the other to what the frozen layer gives.
def lora_forward(x, weight, a, b, alpha):
    found = torch.matmul(x, weight.transpose(0, 1))
    for row, column in zip(a, b.T, strict=True):
        found = found + (x * row).sum(-1, keepdim=True) * column * (alpha / len(a))
    return found


# %% the scale inside, the arguments changed
# Scales the caller's x for the way through the adapter.
def lora_forward(x, weight, a, b, alpha):
    frozen = x @ weight.T
    x *= alpha
    return frozen + torch.nn.functional.linear(x @ a.T, b) / a.shape[0]


# %% torch's own linear layers, the frozen one detached
# Nobody asks for the gradient of the frozen matrix, so it may be cut off.
def lora_forward(x, weight, a, b, alpha):
    from torch.nn.functional import linear

    return linear(x, weight.detach()).add(linear(linear(x, a), b), alpha=alpha / b.size(-1))
