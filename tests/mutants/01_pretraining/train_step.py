# %% uphill | says: the table moves the wrong way | falls: visible
# The gradient is added, so that the loss grows.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table + rate * gradient, float(loss)


# %% last guess of a token counts | says: only its last guess counts | falls: visible
# Adding with an index of repeated rows keeps one of them.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    gradient[x] += part
    return table - rate * gradient, float(loss)


# %% no one-hot | says: isn't subtracted from the probabilities | falls: visible
# The probabilities are taken for the gradient.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table - rate * gradient, float(loss)


# %% only the target | says: the probabilities are missing in the gradient | falls: visible
# The target is pushed up and nothing is pushed down.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.zeros_like(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table - rate * gradient, float(loss)


# %% not divided by the batch | says: isn't divided by the batch | falls: visible
# The gradient is that of the sum of the losses.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table - rate * gradient, float(loss)


# %% divided by the row's own guesses | says: each row is divided by its own number of guesses | falls: visible
# Each row gets the mean over its own guesses.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    gradient *= len(x) / np.maximum(np.bincount(x, minlength=len(table)), 1)[:, None]
    return table - rate * gradient, float(loss)


# %% divided by the vocabulary too | says: divided by the vocabulary as well | falls: visible
# The mean runs over all logits.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / part.size
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table - rate * gradient, float(loss)


# %% rate forgotten | says: the rate isn't used | falls: visible
# The whole gradient is subtracted.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table - gradient, float(loss)


# %% columns | says: the gradient goes into the columns | falls: visible
# The table is read by rows and written by columns.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient.T, x, part)
    return table - rate * gradient, float(loss)


# %% rows of y | says: the gradient goes into the rows of y | falls: visible
# The row of the target is changed.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, y, part)
    return table - rate * gradient, float(loss)


# %% loss after the step | says: the loss after the step | falls: visible
# The loss is computed with the new table.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    new = table - rate * gradient
    z = new[x]
    loss = (np.logaddexp.reduce(z, axis=1) - z[rows, y]).mean()
    return new, float(loss)


# %% sum of the losses | says: this is the sum over the batch | falls: visible
# The losses are added and not averaged.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].sum()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table - rate * gradient, float(loss)


# %% naive exponential | says: exp(1000) overflows | falls: visible
# The largest logit isn't subtracted.
def train_step(table, x, y, rate):
    logits = table[x]
    shifted = logits
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    loss = -log_p[rows, y].mean()
    part = np.exp(log_p)
    part[rows, y] -= 1
    part = part / len(x)
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part)
    return table - rate * gradient, float(loss)


# %% one guess after the other | falls: visible
# Each guess changes the table before the next one is made.
def train_step(table, x, y, rate):
    new, losses = table.copy(), []
    for a, b in zip(x, y):
        log_p = new[a] - np.logaddexp.reduce(new[a])
        losses.append(-log_p[b])
        part = np.exp(log_p)
        part[b] -= 1
        new[a] -= rate * part / len(x)
    return new, float(np.mean(losses))


# %% rate of the example | falls: hidden
# The learning rate is written down from the example.
def train_step(table, x, y, rate):
    log_p = table[x] - np.logaddexp.reduce(table[x], axis=1, keepdims=True)
    rows = np.arange(len(x))
    part = np.exp(log_p)
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    return table - 0.6 * gradient, float(-log_p[rows, y].mean())


# %% all rows move | says: aren't in x | falls: visible
# The softmax of the whole table is taken for the gradient, so that tokens move that aren't in x.
def train_step(table, x, y, rate):
    log_p = table - np.logaddexp.reduce(table, axis=1, keepdims=True)
    gradient = np.exp(log_p)
    np.add.at(gradient, (x, y), -1)
    return table - rate * gradient / len(x), float(-log_p[x, y].mean())


# %% the 1 at the input | says: at y[b] | falls: visible
# 1 is subtracted at the token that is read.
def train_step(table, x, y, rate):
    log_p = table[x] - np.logaddexp.reduce(table[x], axis=1, keepdims=True)
    rows = np.arange(len(x))
    part = np.exp(log_p)
    part[rows, x] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    return table - rate * gradient, float(-log_p[rows, y].mean())


# %% divided by the different tokens | falls: visible
# A token that comes several times is counted once in the division.
def train_step(table, x, y, rate):
    log_p = table[x] - np.logaddexp.reduce(table[x], axis=1, keepdims=True)
    rows = np.arange(len(x))
    part = np.exp(log_p)
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(set(x.tolist())))
    return table - rate * gradient, float(-log_p[rows, y].mean())


# %% logarithms in the table | falls: visible
# The rows are turned into logarithms of probabilities before the step, and stay so.
def train_step(table, x, y, rate):
    table = table - np.logaddexp.reduce(table, axis=1, keepdims=True)
    rows = np.arange(len(x))
    part = np.exp(table[x])
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    return table - rate * gradient, float(-table[x, y].mean())


# %% logarithm of a vanished probability | says: Compute ln p itself | falls: hidden
# The softmax is stable, but the probability of a very wrong guess still becomes 0.
def train_step(table, x, y, rate):
    part = np.exp(table[x] - table[x].max(axis=1, keepdims=True))
    part /= part.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(part[rows, y]).mean()
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    return table - rate * gradient, float(loss)


# %% small number inside the logarithm | falls: hidden
# log(0) is avoided by adding 1e-12, which also hides how wrong a guess is.
def train_step(table, x, y, rate):
    part = np.exp(table[x] - table[x].max(axis=1, keepdims=True))
    part /= part.sum(axis=1, keepdims=True)
    rows = np.arange(len(x))
    loss = -np.log(part[rows, y] + 1e-12).mean()
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    return table - rate * gradient, float(loss)


# %% maximum of the whole batch | says: Subtract each row's largest logit first | falls: hidden
# One number is subtracted from all rows, so that rows far below it vanish.
def train_step(table, x, y, rate):
    shifted = table[x] - table[x].max()
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(x))
    part = np.exp(log_p)
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    return table - rate * gradient, float(-log_p[rows, y].mean())


# %% the gradient instead of the table | falls: visible
# The gradient is returned, and the table isn't moved.
def train_step(table, x, y, rate):
    log_p = table[x] - np.logaddexp.reduce(table[x], axis=1, keepdims=True)
    rows = np.arange(len(x))
    part = np.exp(log_p)
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    return rate * gradient, float(-log_p[rows, y].mean())


# %% gradient cut to length 1 | falls: hidden
# A long gradient is shortened, as large models do; the task doesn't ask for it.
def train_step(table, x, y, rate):
    log_p = table[x] - np.logaddexp.reduce(table[x], axis=1, keepdims=True)
    rows = np.arange(len(x))
    part = np.exp(log_p)
    part[rows, y] -= 1
    gradient = np.zeros_like(table)
    np.add.at(gradient, x, part / len(x))
    gradient /= max(1.0, np.sqrt((gradient**2).sum()))
    return table - rate * gradient, float(-log_p[rows, y].mean())
