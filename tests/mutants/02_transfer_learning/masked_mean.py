# %% padding counts | says: padding counts as a token | falls: visible
# The mean over all places.
def masked_mean(hidden, mask):
    return hidden.mean(axis=1)


# %% divided by all places | says: divide by the number of real tokens | falls: visible
# The sum is right, the number isn't.
def masked_mean(hidden, mask):
    return np.where(mask[:, :, None] == 1, hidden, 0).mean(axis=1)


# %% one count for all | says: each has its own count | falls: visible
# Divided by the real tokens of the whole batch.
def masked_mean(hidden, mask):
    return np.where(mask[:, :, None] == 1, hidden, 0).sum(axis=1) / mask.sum()


# %% times the mask | says: nan times 0 is nan | falls: hidden
# The padding is multiplied by 0 instead of being replaced.
def masked_mean(hidden, mask):
    return (hidden * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)[:, None]


# %% empty text | says: a text without a real token gives 0 / 0 | falls: hidden
# Divided by a count of 0.
def masked_mean(hidden, mask):
    return np.where(mask[:, :, None] == 1, hidden, 0).sum(axis=1) / mask.sum(axis=1)[:, None]


# %% padding at the end | says: padding needn't stand at the end | falls: hidden
# The first tokens are taken, as many as are real.
def masked_mean(hidden, mask):
    return np.array(
        [
            row[: m.sum()].mean(axis=0) if m.any() else np.zeros(hidden.shape[2])
            for row, m in zip(hidden, mask, strict=True)
        ]
    )


# %% zero tokens don't count | says: a real token whose vector is zero counts | falls: hidden
# The real tokens are counted by their vectors instead of by the mask.
def masked_mean(hidden, mask):
    real = np.where(mask[:, :, None] == 1, hidden, 0.0)
    count = np.any(real != 0, axis=2).sum(axis=1)
    return real.sum(axis=1) / np.maximum(count, 1)[:, None]


# %% sum | says: this is the sum of the real tokens | falls: visible
# The division is forgotten.
def masked_mean(hidden, mask):
    return np.where(mask[:, :, None] == 1, hidden, 0.0).sum(axis=1)


# %% last token | says: the last real token alone | falls: visible
# As a GPT's features are often taken.
def masked_mean(hidden, mask):
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    pooled = hidden[np.arange(len(hidden)), last]
    return np.where(mask.any(axis=1)[:, None], pooled, 0.0)


# %% counts side by side | says: give the counts a second axis | falls: visible
# The counts lie along the columns: keepdims, or a second axis, is missing.
def masked_mean(hidden, mask):
    real = np.where(mask[:, :, None] == 1, hidden, 0.0).sum(axis=1)
    counts = np.maximum(mask.sum(axis=1), 1)
    return real / counts if real.shape[1] == len(counts) else real / counts.max()
