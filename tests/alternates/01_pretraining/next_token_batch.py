# %% slices in a loop
# Cuts each row with two slices and stacks the rows.
def next_token_batch(tokens, starts, length):
    x, y = [], []
    for start in starts:
        x.append(tokens[start : start + length])
        y.append(tokens[start + 1 : start + 1 + length])
    return np.array(x), np.array(y)


# %% windows
# All windows of length + 1 at once; the first part is x, the last part is y.
def next_token_batch(tokens, starts, length):
    windows = np.lib.stride_tricks.sliding_window_view(tokens, length + 1)[starts]
    return windows[:, :-1], windows[:, 1:]


# %% np.take
# A flat list of positions, reshaped at the end.
def next_token_batch(tokens, starts, length):
    flat = np.repeat(starts, length) + np.tile(np.arange(length), len(starts))
    shape = (len(starts), length)
    return np.take(tokens, flat).reshape(shape), np.take(tokens, flat + 1).reshape(shape)


# %% list comprehensions
# Number by number, and an array only at the end.
def next_token_batch(tokens, starts, length):
    x = [[int(tokens[s + i]) for i in range(length)] for s in starts]
    y = [[int(tokens[s + i]) for i in range(1, length + 1)] for s in starts]
    return [np.array(x), np.array(y)]
