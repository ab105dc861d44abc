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
# The softmax is taken as the formula stands, without subtracting the largest score.
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
