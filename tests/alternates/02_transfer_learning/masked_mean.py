# %% text by text
# Picks the real rows of each text.
def masked_mean(hidden, mask):
    pooled = np.zeros((hidden.shape[0], hidden.shape[2]))
    for b in range(len(hidden)):
        real = hidden[b][mask[b].astype(bool)]
        if len(real):
            pooled[b] = real.mean(axis=0)
    return pooled


# %% einsum
# Weights that sum to 1, and a clean copy.
def masked_mean(hidden, mask):
    clean = hidden.copy()
    clean[mask == 0] = 0
    weights = mask / np.where(mask.sum(axis=1) == 0, 1, mask.sum(axis=1))[:, None]
    return np.einsum("bt,btd->bd", weights, clean)


# %% numpy's own masks
# A masked array leaves the padding out.
def masked_mean(hidden, mask):
    hide = np.broadcast_to(mask[:, :, None] == 0, hidden.shape)
    clean = np.where(hide, 0.0, hidden)
    return np.ma.masked_array(clean, hide).mean(axis=1).filled(0.0)
