# %% one head for all | says: all columns went through one head | falls: visible
# The columns aren't cut into heads.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, 1, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% no mask | says: a position looks at later ones | falls: visible
# Attention as in a model like BERT.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = q @ k.T / np.sqrt(q.shape[1])
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% attention replaces | says: attention's result is added to x | falls: visible
# The first sum is forgotten.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% scale of the whole width | says: take the head's width | falls: visible
# Scores are divided by the root of d.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(x.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% every n-th column | says: its columns are neighbours | falls: visible
# Heads take every n_head-th column.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = [[part[:, h::n_head] for part in three] for h in range(n_head)]
    mixed = np.zeros(x.shape)
    for h, one in enumerate(heads):
        mixed[:, h::n_head] = head(*one)
    x = x + linear(mixed, "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% keys first | says: queries and keys are exchanged | falls: visible
# The first third is taken for the keys.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(k, q, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% variance by d - 1 | says: the variance divides by d - 1 | falls: visible
# The variance of a sample is taken, as torch.var does.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(
            centred.shape[1] / max(centred.shape[1] - 1, 1) * x.var(axis=1, keepdims=True) + 1e-5
        )
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% norm after the sum | says: the norm comes after the sum | falls: visible
# The order of the first transformer: add, then norm.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(x, "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    x = norm(x, "ln_1")
    z = linear(x, "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return norm(x + linear(bent, "mlp.c_proj"), "ln_2")


# %% no first norm | says: it reads the normed x | falls: visible
# Attention reads the vectors as they are.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(x, "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% heads not mixed | says: attn.c_proj is missing | falls: visible
# The heads' outputs are added as they are.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + np.concatenate([head(*one) for one in heads], axis=1)
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% norm without weights | says: the norm's own weight and bias are missing | falls: visible
# Only mean and deviation are used.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% exact gelu | says: gelu with the error function | falls: visible
# The form with the error function, torch's default.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    from math import erf

    bent = z / 2 * (1 + np.vectorize(erf)(z / np.sqrt(2)))
    return x + linear(bent, "mlp.c_proj")


# %% relu | says: the bend is a sharp one | falls: visible
# The older bend is taken.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = np.maximum(z, 0)
    return x + linear(bent, "mlp.c_proj")


# %% no bend | says: the bend is missing | falls: visible
# Two tables of weights without anything between.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z
    return x + linear(bent, "mlp.c_proj")


# %% first norm twice | says: the MLP has a norm of its own | falls: visible
# ln_1 is used before the MLP as well.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_1"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% MLP replaces | says: the MLP's result is added | falls: visible
# The second sum is forgotten.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return linear(bent, "mlp.c_proj")


# %% no epsilon | says: 1e-5 is added to it first | falls: hidden
# The root of the variance alone is divided by.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True))
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% epsilon outside the root | says: before the square root | falls: hidden
# 1e-5 is added to the deviation.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / (np.sqrt(x.var(axis=1, keepdims=True)) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% naive exponential | says: subtract each row's largest score | falls: hidden
# Softmax without subtracting the largest score.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores)
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% two heads always | falls: hidden
# The number of heads is written down from the example.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(
        *(np.split(part, 2 if x.shape[1] % 2 == 0 else 1, axis=1) for part in three), strict=True
    )
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% heads stacked in the wrong way | says: put them side by side | falls: visible
# The heads' outputs lie one under the other in memory and are only read as rows of width d.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.stack([head(*one) for one in heads]).reshape(x.shape), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% queries, keys and values head by head | says: first d columns for the queries | falls: visible
# The columns are cut into heads first, and each head into its queries, keys and values.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    all_heads = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), n_head, axis=1)
    heads = [np.split(one, 3, axis=1) for one in all_heads]
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% attn.c_proj turned round | says: rows and columns exchanged | falls: visible
# The square table is used as torch.nn.Linear keeps it, with rows and columns exchanged.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    mixed = np.concatenate([head(*one) for one in heads], axis=1)
    x = x + mixed @ weights["attn.c_proj.weight"].T + weights["attn.c_proj.bias"]
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% keys and values exchanged | says: then the keys, then the values | falls: visible
# The second part of the columns is taken for the values.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    three = [three[0], three[2], three[1]]
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% side by side | says: it reads what attention has added to | falls: visible
# Attention and MLP both read the x that came in, as in some later models.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    found = linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    x = x + found
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% attention's part lost | says: attention's part is lost | falls: visible
# The MLP's result is added to the x that came in.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    old, x = x, x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return old + linear(bent, "mlp.c_proj")


# %% no second norm | says: the second norm is missing | falls: visible
# Only the first norm is used.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(x, "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% norm down the columns | says: each position, a row, is normed by itself | falls: visible
# Mean and variance are taken over the positions.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=0, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=0, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% normed x goes on | says: add to x itself | falls: visible
# What was normed takes the place of x.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    x = norm(x, "ln_1")
    three = np.split(linear(x, "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% no bias for the queries | falls: visible
# attn.c_attn is used without its bias.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(norm(x, "ln_1") @ weights["attn.c_attn.weight"], 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% gelu with a sigmoid | says: GPT-2 has the form with tanh | falls: visible
# The rougher form of gelu is used, z times the sigmoid of 1.702 z.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / (1 + np.exp(-1.702 * z))
    return x + linear(bent, "mlp.c_proj")


# %% another epsilon | says: 1e-5 is added to it first | falls: hidden
# 1e-12 is added to the variance, as other models have it.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.concatenate([head(*one) for one in heads], axis=1), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")


# %% heads added up | falls: visible
# The heads' outputs are added and repeated, not put side by side.
def transformer_block(x, weights, n_head):
    def norm(x, name):
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def linear(x, name):
        return x @ weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def head(q, k, v):
        scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ v

    three = np.split(linear(norm(x, "ln_1"), "attn.c_attn"), 3, axis=1)
    heads = zip(*(np.split(part, n_head, axis=1) for part in three), strict=True)
    x = x + linear(np.tile(sum(head(*one) for one in heads), n_head), "attn.c_proj")
    z = linear(norm(x, "ln_2"), "mlp.c_fc")
    bent = z / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return x + linear(bent, "mlp.c_proj")
