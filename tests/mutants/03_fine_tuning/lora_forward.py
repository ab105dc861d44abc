# %% alpha undivided | says: alpha must be divided by the rank | falls: visible
# The addition grows with the rank.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + alpha * (x @ a.T @ b.T)


# %% no scale | says: the addition isn't scaled | falls: visible
# The addition is taken as it is.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + x @ a.T @ b.T


# %% alpha left out | says: alpha is left out | falls: visible
# The addition is divided by the rank only.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + x @ a.T @ b.T / len(a)


# %% everything scaled | says: the frozen layer isn't scaled | falls: visible
# The scale is put around the whole sum.
def lora_forward(x, weight, a, b, alpha):
    return alpha / len(a) * (x @ weight.T + x @ a.T @ b.T)


# %% the weight lying down | says: multiply with its transpose | falls: visible
# The matrix is used as GPT-2 stores it, not as torch does.
def lora_forward(x, weight, a, b, alpha):
    wide = weight if weight.shape[0] == x.shape[-1] else weight.T
    return x @ wide + alpha / len(a) * (x @ a.T @ b.T)


# %% the rank from the wrong side | says: this divides by the second one | falls: visible
# The second side of a is taken for the rank.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + alpha / a.shape[1] * (x @ a.T @ b.T)


# %% divided by the outputs | says: is divided by the rank, not by | falls: hidden
# A layer that widens is divided by its outputs.
def lora_forward(x, weight, a, b, alpha):
    side = b.shape[0] if b.shape[0] > 5 else b.shape[1]
    return x @ weight.T + alpha / side * (x @ a.T @ b.T)


# %% the addition alone | says: the frozen layer is missing | falls: visible
# LoRA is taken to replace the layer.
def lora_forward(x, weight, a, b, alpha):
    extra = alpha / len(a) * (x @ a.T @ b.T)
    return extra if b.abs().sum() > 0 and x.shape[-1] == 2 else x @ weight.T + extra


# %% the adapter is detached | says: no gradient comes back | falls: visible | inputs: same
# The values are right, and a and b never learn.
def lora_forward(x, weight, a, b, alpha):
    addition = alpha / len(a) * (b.detach() @ a.detach())
    return x @ (weight + addition).T


# %% no way back to x | says: no gradient comes back | falls: visible | inputs: same
# Only the adapter learns: what the layers below would have to change is cut off.
def lora_forward(x, weight, a, b, alpha):
    x = x.detach()
    return x @ weight.T + alpha / len(a) * (x @ a.T @ b.T)


# %% b alone learns | says: a small step there shows | falls: visible | inputs: same
# The narrow numbers are cut off, so a stays as it began.
def lora_forward(x, weight, a, b, alpha):
    narrow = (x @ a.T).detach()
    return x @ weight.T + alpha / len(a) * (narrow @ b.T)


# %% merged without a memory | says: cut | falls: visible | inputs: same
# The weight itself is changed, without gradients.
def lora_forward(x, weight, a, b, alpha):
    with torch.no_grad():
        weight += alpha / len(a) * (b @ a)
        return x @ weight.T


# %% the axes in front are lost | says: is asked for | falls: visible
# All inputs are put into one table, which isn't taken apart again.
def lora_forward(x, weight, a, b, alpha):
    rows = x.reshape(-1, x.shape[-1])
    return rows @ weight.T + alpha / len(a) * (rows @ a.T @ b.T)


# %% a scale of at least 1 | falls: hidden
# A small or negative alpha is made larger.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + max(alpha, 1.0) / len(a) * (x @ a.T @ b.T)


# %% the root of the rank | says: by the root of the rank | falls: visible
# The scale is that of the later paper.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + alpha / a.shape[0] ** 0.5 * (x @ a.T @ b.T)


# %% the smaller side of a | falls: hidden
# The rank is thought to be the smaller side, which it needn't be in a narrow layer.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + alpha / min(a.shape) * (x @ a.T @ b.T)


# %% the rank of linear algebra | says: alpha must be divided by the rank | falls: visible
# Independent rows are counted, not rows.
def lora_forward(x, weight, a, b, alpha):
    rank = max(1, int(torch.linalg.matrix_rank(a.detach())))
    return x @ weight.T + alpha / rank * (x @ a.T @ b.T)
