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


# %% successor looked up | falls: hidden
# What follows a token is looked up at its first place in the text.
def next_token_batch(tokens, starts, length):
    x = np.stack([tokens[s : s + length] for s in starts])
    after = {}
    for a, b in zip(tokens.tolist(), tokens[1:].tolist()):
        after.setdefault(a, b)
    return x, np.array([[after[a] for a in row] for row in x.tolist()])


# %% number plus one | says: the numbers of the tokens plus 1 | falls: visible
# "One position later" is taken for the number of the token plus 1.
def next_token_batch(tokens, starts, length):
    x = np.stack([tokens[s : s + length] for s in starts])
    return x, x + 1


# %% length of the example | falls: hidden
# The length is written down from the example.
def next_token_batch(tokens, starts, length):
    positions = starts[:, None] + np.arange(3)
    return tokens[positions], tokens[positions + 1]


# %% inputs and targets exchanged | says: x begins at the start itself | falls: visible
# The two tables come back in the other order.
def next_token_batch(tokens, starts, length):
    positions = starts[:, None] + np.arange(length)
    return tokens[positions + 1], tokens[positions]


# %% the next piece | says: what follows the whole row | falls: visible
# The target of a piece of text is thought to be the whole piece after it.
def next_token_batch(tokens, starts, length):
    positions = starts[:, None] + np.arange(length)
    return tokens[positions], tokens[(positions + length) % len(tokens)]


# %% starts counted from 1 | says: positions are counted from 0 | falls: visible
# The first token is thought to have position 1.
def next_token_batch(tokens, starts, length):
    positions = starts[:, None] - 1 + np.arange(length)
    return tokens[positions], tokens[positions + 1]


# %% a flat row | falls: visible
# The rows are joined to one long row.
def next_token_batch(tokens, starts, length):
    positions = (starts[:, None] + np.arange(length)).ravel()
    return tokens[positions], tokens[positions + 1]
