# %% uphill | says: the step goes uphill | falls: visible
# The gradient is added.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    z = h @ head
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), labels])
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    new = head + rate * h.T @ g
    if frozen:
        return body, new, float(loss)
    return body + rate * x.T @ ((g @ head.T) * (1 - h**2)), new, float(loss)


# %% sum of gradients | says: divide it by the number of inputs | falls: visible
# The mean is taken of the loss, not of the gradient.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    z = h @ head
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), labels])
    g = p - np.eye(head.shape[1])[labels]
    new = head - rate * h.T @ g
    if frozen:
        return body, new, float(loss)
    return body - rate * x.T @ ((g @ head.T) * (1 - h**2)), new, float(loss)


# %% frozen ignored | says: a frozen body stays as it is | falls: visible
# The body is always trained.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    z = h @ head
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), labels])
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    moved = body - rate * x.T @ ((g @ head.T) * (1 - h**2))
    return moved, head - rate * h.T @ g, float(loss)


# %% head first | says: both gradients take the tables of before | falls: visible
# The way back goes through the head that has moved already.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    z = h @ head
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), labels])
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    head = head - rate * h.T @ g
    if frozen:
        return body, head, float(loss)
    return body - rate * x.T @ ((g @ head.T) * (1 - h**2)), head, float(loss)


# %% no slope | says: the slope of tanh is missing | falls: visible
# The features are taken for linear on the way back.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    z = h @ head
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), labels])
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    new = head - rate * h.T @ g
    return (body if frozen else body - rate * x.T @ (g @ head.T)), new, float(loss)


# %% loss of after | says: this is the loss after the step | falls: visible
# The loss is computed with the head that has moved.
def transfer_step(x, labels, body, head, rate, frozen):
    h, rows = np.tanh(x @ body), np.arange(len(x))
    z = h @ head
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    new = head - rate * h.T @ g
    z = h @ new
    z = z - z.max(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[rows, labels])
    moved = body if frozen else body - rate * x.T @ ((g @ head.T) * (1 - h**2))
    return moved, new, float(loss)


# %% no tanh | says: the features are missing their tanh | falls: visible
# The features are a matrix product alone.
def transfer_step(x, labels, body, head, rate, frozen):
    h = x @ body
    z = h @ head
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(x)), labels])
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    new = head - rate * h.T @ g
    return (body if frozen else body - rate * x.T @ (g @ head.T)), new, float(loss)


# %% one softmax for all | says: each row has its own | falls: visible
# The exponentials are divided by the sum of the whole table.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    z = h @ head
    p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    loss = -np.mean(np.log(p[np.arange(len(x)), labels] + 1e-300))
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    new = head - rate * h.T @ g
    if frozen:
        return body, new, float(loss)
    return body - rate * x.T @ ((g @ head.T) * (1 - h**2)), new, float(loss)


# %% log of the probability | says: something overflowed | falls: hidden
# The softmax is stable, but the logarithm of a probability that has become 0 isn't.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    z = h @ head
    z = z - z.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(len(x)), labels]))
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    new = head - rate * h.T @ g
    if frozen:
        return body, new, float(loss)
    return body - rate * x.T @ ((g @ head.T) * (1 - h**2)), new, float(loss)


# %% overflow | says: it comes from 0/0 | falls: hidden
# Exponentials of the logits as they are.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x @ body)
    e = np.exp(h @ head)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(len(x)), labels]))
    g = (p - np.eye(head.shape[1])[labels]) / len(x)
    new = head - rate * h.T @ g
    if frozen:
        return body, new, float(loss)
    return body - rate * x.T @ ((g @ head.T) * (1 - h**2)), new, float(loss)
