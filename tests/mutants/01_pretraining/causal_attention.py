# %% no mask | says: every position looks at all others | falls: visible
# Attention without the rule of the past, as in a model like BERT.
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% mask after the softmax | says: hide the future before the softmax, not after | falls: visible
# Future weights are set to 0 at the end, so that the rest doesn't sum to 1.
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = weights / weights.sum(axis=1, keepdims=True)
    return np.tril(weights) @ v


# %% no division | says: aren't divided by the square root of d | falls: visible
# The products are used as they are.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% division by d | says: divide by its square root | falls: visible
# The square root is forgotten.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / q.shape[1], -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% sees the future only | says: turn the mask round | falls: visible
# The triangle of the mask is the wrong one.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool).T, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% scale fixed | says: the scale is a fixed number from the example | falls: hidden
# The square root of d is written down as the 2 of the visible example.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / 2, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% finite mask | says: A finite number for the hidden scores is too weak | falls: hidden
# Future scores get -50 instead of minus infinity.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -50.0)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% maximum of the whole table | says: Subtract from each row its own maximum | falls: hidden
# One number is subtracted from all rows, so that rows far below it become 0/0.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - (q @ k.T / np.sqrt(q.shape[1])).max())
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% naive exponential | says: exp(1800) overflows | falls: visible
# The softmax is taken as the formula is written, without subtracting the largest score.
def causal_attention(q, k, v):
    weights = np.exp(np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% keepdims forgotten | says: keepdims=True is missing | falls: visible
# The sums of the rows lie along the columns.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1) @ v


# %% softmax over the whole table | says: the softmax runs over the whole table | falls: visible
# The sum has no axis.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max())
    return weights / weights.sum() @ v


# %% softmax down the columns | says: the softmax runs down the columns | falls: visible
# Axis 0 is taken for axis 1.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=0, keepdims=True))
    return weights / weights.sum(axis=0, keepdims=True) @ v


# %% strictly before | says: a position may also look at itself | falls: visible
# The position itself is hidden, too.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), k=-1, dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% queries and keys exchanged | says: queries and keys are exchanged | falls: visible
# The matrix product is taken the other way round.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), k @ q.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% maximum with the future | says: taken after the future is hidden | falls: hidden
# The largest score of a row is looked for before the future is hidden, so a row may vanish.
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    weights = np.exp(scores - scores.max(axis=1, keepdims=True)) * np.tri(len(q))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% mask by multiplying | says: every position looks at all others | falls: visible
# The scores of the future are multiplied by 0, and e to the power of 0 is 1.
def causal_attention(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1]) * np.tri(len(q))
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% zero taken for hidden | says: may itself be 0 | falls: visible
# Scores of 0 are taken for hidden ones, as a triangle of the scores has them.
def causal_attention(q, k, v):
    scores = np.tril(q @ k.T / np.sqrt(q.shape[1]))
    scores = np.where(scores == 0, -np.inf, scores)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% hidden scores of -10,000 | says: isn't lower than a score that may come | falls: hidden
# A number that looks low enough is no lower than the lowest score that may come.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -1e4)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% root of the time | says: the square root of time | falls: visible
# The scores are divided by the root of the number of positions.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(len(q)), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% weights for the output | falls: visible
# The weights come back and meet no values.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


# %% mean of the past | says: all positions weigh the same | falls: visible
# Each position takes the plain mean of the values up to itself.
def causal_attention(q, k, v):
    return np.cumsum(v, axis=0) / np.arange(1, len(v) + 1)[:, None]


# %% only the best | falls: visible
# Each position takes the value of the key that fits best.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T, -np.inf)
    return v[scores.argmax(axis=1)]


# %% scores cut off | falls: visible
# Scores above 700 are cut off so that the exponential holds.
def causal_attention(q, k, v):
    scores = np.clip(q @ k.T / np.sqrt(q.shape[1]), -700, 700)
    weights = np.exp(np.where(np.tri(len(q), dtype=bool), scores, -np.inf))
    return weights / weights.sum(axis=1, keepdims=True) @ v


# %% the scale after the softmax | falls: visible
# The weights are divided, and not the scores.
def causal_attention(q, k, v):
    scores = np.where(np.tri(len(q), dtype=bool), q @ k.T, -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) / np.sqrt(q.shape[1]) @ v


# %% the past is four positions | falls: hidden
# Only the last positions are looked at, as in a model with a short window.
def causal_attention(q, k, v):
    near = np.tri(len(q), dtype=bool) & ~np.tri(len(q), k=-4, dtype=bool)
    scores = np.where(near, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v
