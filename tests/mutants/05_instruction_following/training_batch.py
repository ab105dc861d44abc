# %% padding on the left | says: this is filled up on the left | falls: visible
# As for sampling, where the last token has to stand at the end.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks)]
    pairs = [(r, m) for r, m in pairs if any(m[1:])]
    longest = max(len(r) for r, _ in pairs)
    tokens = np.array([[pad] * (longest - len(r)) + r for r, _ in pairs])
    return tokens, np.array([[0] * (longest - len(m)) + m for _, m in pairs])


# %% padded to the window | says: the longest row is enough | falls: visible
# Every batch is as wide as the window.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks)]
    pairs = [(r, m) for r, m in pairs if any(m[1:])]
    tokens = np.array([r + [pad] * (window - len(r)) for r, _ in pairs])
    return tokens, np.array([m + [0] * (window - len(m)) for _, m in pairs])


# %% padding is learned | says: padding is marked | falls: visible
# The mask is filled up with 1.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks)]
    pairs = [(r, m) for r, m in pairs if any(m[1:])]
    longest = max(len(r) for r, _ in pairs)
    tokens = np.array([r + [pad] * (longest - len(r)) for r, _ in pairs])
    return tokens, np.array([m + [1] * (longest - len(m)) for _, m in pairs])


# %% the mask is what isn't padding | says: this marks everything but padding | falls: visible
# An attention mask is taken for a loss mask.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks)]
    pairs = [(r, m) for r, m in pairs if any(m[1:])]
    longest = max(len(r) for r, _ in pairs)
    tokens = np.array([r + [pad] * (longest - len(r)) for r, _ in pairs])
    return tokens, np.array([[1] * len(m) + [0] * (longest - len(m)) for _, m in pairs])


# %% chosen before the cut | says: nothing to learn after the cut | falls: visible
# Rows are chosen by their whole mask.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks) if any(m[1:])]
    longest = max(len(r) for r, _ in pairs)
    tokens = np.array([r + [pad] * (longest - len(r)) for r, _ in pairs])
    return tokens, np.array([m + [0] * (longest - len(m)) for _, m in pairs])


# %% cut at the beginning | says: cut at its beginning | falls: visible
# The end of a conversation is kept.
def training_batch(rows, masks, window, pad):
    pairs = [(r[-window:], m[-window:]) for r, m in zip(rows, masks)]
    pairs = [(r, m) for r, m in pairs if any(m[1:])]
    longest = max(len(r) for r, _ in pairs)
    tokens = np.array([r + [pad] * (longest - len(r)) for r, _ in pairs])
    return tokens, np.array([m + [0] * (longest - len(m)) for _, m in pairs])


# %% longest of all | says: the longest row was looked for before the choice | falls: visible
# Rows that are left out still decide how wide the table is.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks)]
    longest = max(len(r) for r, _ in pairs)
    pairs = [(r, m) for r, m in pairs if any(m[1:])]
    tokens = np.array([r + [pad] * (longest - len(r)) for r, _ in pairs])
    return tokens, np.array([m + [0] * (longest - len(m)) for _, m in pairs])


# %% the first place counts | says: nobody guesses that token | falls: hidden
# A 1 anywhere in the mask is enough to keep a row.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks)]
    pairs = [(r, m) for r, m in pairs if any(m)]
    longest = max(len(r) for r, _ in pairs)
    tokens = np.array([r + [pad] * (longest - len(r)) for r, _ in pairs])
    return tokens, np.array([m + [0] * (longest - len(m)) for _, m in pairs])


# %% the number of pad | says: go by lengths | falls: hidden
# Every token with the number of pad is taken for padding.
def training_batch(rows, masks, window, pad):
    pairs = [(r[:window], m[:window]) for r, m in zip(rows, masks)]
    pairs = [(r, m) for r, m in pairs if any(m[1:])]
    longest = max(len(r) for r, _ in pairs)
    tokens = np.array([r + [pad] * (longest - len(r)) for r, _ in pairs])
    mask = np.array([m + [0] * (longest - len(m)) for _, m in pairs])
    return tokens, np.where(tokens == pad, 0, mask)
