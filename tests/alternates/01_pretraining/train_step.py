# %% a loop over the batch
# One guess after the other adds its part to the gradient; the table changes at the end.
def train_step(table, x, y, rate):
    gradient, loss = np.zeros(table.shape), 0.0
    for a, b in zip(x, y):
        e = np.exp(table[a] - table[a].max())
        gradient[a] += e / e.sum() / len(x)
        gradient[a, b] -= 1 / len(x)
        loss += (np.logaddexp.reduce(table[a]) - table[a, b]) / len(x)
    return table - rate * gradient, loss


# %% one-hot tables
# Everything as matrix products with tables of zeros and ones.
def train_step(table, x, y, rate):
    from_x, to_y = np.eye(len(table))[x], np.eye(len(table))[y]
    z = from_x @ table
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    gradient = from_x.T @ (np.exp(log_p) - to_y) / len(x)
    return table - rate * gradient, -np.mean(np.sum(to_y * log_p, axis=1))


# %% changes the table in place
# Counts the pairs first, then changes row by row the table that was given.
def train_step(table, x, y, rate):
    counts = np.zeros_like(table)
    np.add.at(counts, (x, y), 1 / len(x))
    log_p = table - np.logaddexp.reduce(table, axis=1)[:, None]
    loss = -float(np.sum(np.where(counts > 0, counts * log_p, 0)))
    table -= rate * (counts.sum(axis=1, keepdims=True) * np.exp(log_p) - counts)
    return table, loss


# %% backpropagation
# PyTorch finds the gradient.
def train_step(table, x, y, rate):
    import torch

    weights = torch.tensor(table, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(weights[torch.tensor(x)], torch.tensor(y))
    loss.backward()
    return (weights - rate * weights.grad).detach().numpy(), loss.item()
