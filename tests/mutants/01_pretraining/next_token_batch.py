# %% target equals input | says: a model could copy its input | falls: visible
# The target is thought to be the token that is read.
def next_token_batch(tokens, starts, length):
    x = np.stack([tokens[s : s + length] for s in starts])
    return x, x.copy()


# %% target is the token before | says: this is the token before | falls: visible
# The shift goes in the wrong direction.
def next_token_batch(tokens, starts, length):
    positions = starts[:, None] + np.arange(length)
    return tokens[positions], tokens[positions - 1]


# %% row rolled round | says: the last target is the first token of its own row | falls: visible
# Each row is rolled, so that its last target is its own first token.
def next_token_batch(tokens, starts, length):
    x = np.stack([tokens[s : s + length] for s in starts])
    return x, np.roll(x, -1, axis=1)


# %% one target for a row | says: only the last place has a target | falls: visible
# A row is taken for one example, with one label.
def next_token_batch(tokens, starts, length):
    x = np.stack([tokens[s : s + length] for s in starts])
    return x, tokens[starts + length]


# %% starts ignored | says: the rows follow each other in steps of `length` | falls: visible
# The text is cut from its beginning into rows that follow each other; the starts aren't used.
def next_token_batch(tokens, starts, length):
    at = np.arange(len(starts)) * length % (len(tokens) - length)
    positions = at[:, None] + np.arange(length)
    return tokens[positions], tokens[positions + 1]


# %% last start moved | says: the last possible start, n - length - 1, is moved | falls: hidden
# For fear of running over the end, starts are cut off one place too early.
def next_token_batch(tokens, starts, length):
    starts = np.minimum(starts, max(len(tokens) - length - 2, 0))
    positions = starts[:, None] + np.arange(length)
    return tokens[positions], tokens[positions + 1]


# %% starts sorted | says: the rows are in another order than the starts | falls: visible
# Rows are put into the order of the text.
def next_token_batch(tokens, starts, length):
    positions = np.sort(starts)[:, None] + np.arange(length)
    return tokens[positions], tokens[positions + 1]


# %% a start only once | says: a start that comes twice gives two rows | falls: hidden
# Starts are collected in a set-like way, so that a second one is lost.
def next_token_batch(tokens, starts, length):
    starts = np.array(list(dict.fromkeys(starts.tolist())))
    positions = starts[:, None] + np.arange(length)
    return tokens[positions], tokens[positions + 1]


# %% row and column exchanged | falls: visible
# The starts run along the row.
def next_token_batch(tokens, starts, length):
    positions = starts[None, :] + np.arange(length)[:, None]
    return tokens[positions], tokens[positions + 1]


# %% target one row on | falls: visible
# The last target of a row is the first input of the next row, as in a text cut into lines.
def next_token_batch(tokens, starts, length):
    x = np.stack([tokens[s : s + length] for s in starts])
    return x, np.roll(x.reshape(-1), -1).reshape(x.shape)
