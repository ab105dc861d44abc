# %% einsum
# Heads as an axis of their own; all scores of all heads at once.
def transformer_block(x, weights, n_head):
    time, d = x.shape
    w = {name: np.asarray(array, dtype=float) for name, array in weights.items()}

    def norm(rows, name):
        mean = rows.mean(-1)[:, None]
        spread = ((rows - mean) ** 2).mean(-1)[:, None]
        return (rows - mean) * (spread + 1e-5) ** -0.5 * w[name + ".weight"] + w[name + ".bias"]

    both = norm(x, "ln_1") @ w["attn.c_attn.weight"] + w["attn.c_attn.bias"]
    q, k, v = both.reshape(time, 3, n_head, d // n_head).transpose(1, 2, 0, 3)
    scores = np.einsum("htc,hsc->hts", q, k) / (d // n_head) ** 0.5
    scores = scores + np.triu(np.full((time, time), -np.inf), 1)
    shares = np.exp(scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True))
    mixed = np.einsum("hts,hsc->thc", shares, v).reshape(time, d)
    y = x + mixed @ w["attn.c_proj.weight"] + w["attn.c_proj.bias"]
    z = norm(y, "ln_2") @ w["mlp.c_fc.weight"] + w["mlp.c_fc.bias"]
    bent = 0.5 * z * (1 + np.tanh((2 / np.pi) ** 0.5 * (z + 0.044715 * z * z * z)))
    return y + bent @ w["mlp.c_proj.weight"] + w["mlp.c_proj.bias"]


# %% torch
# The functions of torch do the work, in double precision.
def transformer_block(x, weights, n_head):
    import torch
    from torch.nn import functional as F

    w = {name: torch.tensor(array, dtype=torch.float64) for name, array in weights.items()}
    x = torch.tensor(x, dtype=torch.float64)
    time, d = x.shape

    def norm(rows, name):
        return F.layer_norm(rows, (d,), w[name + ".weight"], w[name + ".bias"], 1e-5)

    def linear(rows, name):
        return torch.addmm(w[name + ".bias"], rows, w[name + ".weight"])

    q, k, v = (
        part.view(time, n_head, -1).transpose(0, 1)
        for part in linear(norm(x, "ln_1"), "attn.c_attn").split(d, dim=1)
    )
    mixed = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
    x = x + linear(mixed.transpose(0, 1).reshape(time, d), "attn.c_proj")
    bent = F.gelu(linear(norm(x, "ln_2"), "mlp.c_fc"), approximate="tanh")
    return (x + linear(bent, "mlp.c_proj")).numpy()


# %% position by position
# A plain loop: each position collects what it may look at.
def transformer_block(x, weights, n_head):
    time, d = x.shape
    width = d // n_head

    def norm(row, name):
        middle, spread = np.mean(row), np.std(row)
        return (row - middle) / np.sqrt(spread**2 + 1e-5) * weights[f"{name}.weight"] + weights[
            f"{name}.bias"
        ]

    def linear(row, name):
        return weights[f"{name}.weight"].T @ row + weights[f"{name}.bias"]

    past, out = [], []
    for row in x:
        q, k, v = linear(norm(row, "ln_1"), "attn.c_attn").reshape(3, n_head, width)
        past.append((k, v))
        heads = []
        for h in range(n_head):
            fit = np.array([q[h] @ keys[h] for keys, _ in past]) / np.sqrt(width)
            fit = np.exp(fit - fit.max())
            heads.append(sum(f * values[h] for f, (_, values) in zip(fit, past)) / fit.sum())
        row = row + linear(np.concatenate(heads), "attn.c_proj")
        z = linear(norm(row, "ln_2"), "mlp.c_fc")
        bent = z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))) / 2
        out.append(row + linear(bent, "mlp.c_proj"))
    return np.array(out)
