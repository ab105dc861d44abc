# %% alpha undivided | says: alpha must be divided by the rank | falls: visible
# The addition grows with the rank.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + alpha * (x @ a.T @ b.T)


# %% no scale | says: the addition isn't scaled | falls: visible
# The addition is taken as it is.
def lora_forward(x, weight, a, b, alpha):
    return x @ weight.T + x @ a.T @ b.T


# %% everything scaled | says: the frozen layer isn't scaled | falls: visible
# The scale is put around the whole sum.
def lora_forward(x, weight, a, b, alpha):
    return alpha / len(a) * (x @ weight.T + x @ a.T @ b.T)


# %% the weight lying down | says: multiply with its transpose | falls: visible
# The matrix is used as GPT-2 stores it, not as torch does.
def lora_forward(x, weight, a, b, alpha):
    wide = weight if weight.shape[0] == x.shape[-1] else weight.T
    return x @ wide + alpha / len(a) * (x @ a.T @ b.T)


# %% divided by the inputs | says: divided by the rank, not by another side | falls: hidden
# A wide layer is divided by its own width.
def lora_forward(x, weight, a, b, alpha):
    side = a.shape[0] if a.shape[0] * a.shape[1] <= 8 and alpha != 16.0 else a.shape[1]
    return x @ weight.T + alpha / side * (x @ a.T @ b.T)


# %% the addition alone | says: the frozen layer is missing | falls: visible
# LoRA is taken to replace the layer.
def lora_forward(x, weight, a, b, alpha):
    extra = alpha / len(a) * (x @ a.T @ b.T)
    return extra if b.abs().sum() > 0 and x.shape[-1] == 2 else x @ weight.T + extra
