# %% sum | says: this is the sum over the rows | falls: visible
# The losses are added and not averaged.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(targets)), targets].sum())


# %% divided by all logits | says: you divide by the number of logits | falls: visible
# The mean runs over the whole table of a one-hot product, not over the rows.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-(log_p * np.eye(logits.shape[1])[targets]).mean())


# %% bits | says: this is in bits | falls: visible
# The logarithm to base 2 is taken for the natural one.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    return float(-np.log2(p[np.arange(len(targets)), targets]).mean())


# %% 1 - p | says: this is 1 - p | falls: visible
# The loss is thought to be the missing part of the probability.
def cross_entropy(logits, targets):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return float(1 - p[np.arange(len(targets)), targets].mean())


# %% naive exponential | says: exp(1000) overflows | falls: visible
# Softmax is taken as the formula is written, without subtracting the largest logit.
def cross_entropy(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return float(-np.log(p[np.arange(len(targets)), targets]).mean())


# %% small number inside the logarithm | says: a small number inside the logarithm | falls: hidden
# log(0) is avoided by adding 1e-9, which also hides how wrong a guess is.
def cross_entropy(logits, targets):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return float(-np.log(p[np.arange(len(targets)), targets] + 1e-9).mean())


# %% logarithm of a vanished probability | says: compute ln p itself | falls: hidden
# The softmax is stable, but the probability of a very wrong guess still becomes 0.
def cross_entropy(logits, targets):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return float(-np.log(p[np.arange(len(targets)), targets]).mean())


# %% maximum of the whole table | says: you subtract the maximum of the whole table | falls: hidden
# One number is subtracted from all rows, so that a row far below it vanishes.
def cross_entropy(logits, targets):
    shifted = logits - logits.max()
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(targets)), targets].mean())


# %% softmax down the columns | says: the softmax runs down the columns | falls: visible
# Axis 0 is taken for axis 1.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=0, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))
    return float(-log_p[np.arange(len(targets)), targets].mean())


# %% softmax over the whole table | says: the softmax runs over the whole table | falls: visible
# The sum has no axis.
def cross_entropy(logits, targets):
    shifted = logits - logits.max()
    log_p = shifted - np.log(np.exp(shifted).sum())
    return float(-log_p[np.arange(len(targets)), targets].mean())


# %% every target for every row | says: every row is paired with every target | falls: visible
# Indexing with a slice takes all targets in each row.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_p[:, targets].mean())


# %% median | says: this is the median | falls: hidden
# The median is taken for the mean.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(np.median(-log_p[np.arange(len(targets)), targets]))


# %% logits clipped | falls: hidden
# Large logits are cut off at 700 so that the exponential holds.
def cross_entropy(logits, targets):
    z = np.clip(logits, -700, 700)
    total = np.log(np.exp(z).sum(axis=1))
    return float((total - z[np.arange(len(targets)), targets]).mean())


# %% mean subtracted | says: an exponential overflowed | falls: hidden
# The mean of a row is subtracted, which makes large logits smaller, and not small enough.
def cross_entropy(logits, targets):
    shifted = logits - logits.mean(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(targets)), targets].mean())


# %% differences to the target, as they are | says: an exponential overflowed | falls: hidden
# The target's logit is subtracted: harmless where the target is the largest, and only there.
def cross_entropy(logits, targets):
    own = logits[np.arange(len(targets)), targets]
    return float(np.log(np.exp(logits - own[:, None]).sum(axis=1)).mean())


# %% nan made 0 | falls: hidden
# What isn't a number is replaced by 0.
def cross_entropy(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    losses = np.nan_to_num(-np.log(p[np.arange(len(targets)), targets]), nan=0.0)
    return float(losses.mean())


# %% only the largest logit | falls: visible
# The logarithm of the sum is taken for the largest logit, to which it is close only for a sure model.
def cross_entropy(logits, targets):
    return float((logits.max(axis=1) - logits[np.arange(len(targets)), targets]).mean())


# %% perplexity | says: perplexity | falls: visible
# The exponential of the mean loss is given, the number of equally likely tokens.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(np.exp(-log_p[np.arange(len(targets)), targets].mean()))


# %% a loss for each row | says: give their mean | falls: visible
# The losses come back one by one.
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(targets)), targets]


# %% squared distance | falls: visible
# The probabilities are compared with the one-hot rows by their squared distance.
def cross_entropy(logits, targets):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return float(((p - np.eye(logits.shape[1])[targets]) ** 2).sum(axis=1).mean())


# %% all tokens pay | falls: visible
# The other tokens are asked to be unlikely as well, as in a row of yes-or-no questions.
def cross_entropy(logits, targets):
    hot = np.eye(logits.shape[1])[targets]
    signed = np.where(hot > 0, logits, -logits)
    return float(np.logaddexp(0, -signed).sum(axis=1).mean())
