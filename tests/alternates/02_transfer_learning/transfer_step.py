# %% example by example
# Adds up the gradients of single examples.
def transfer_step(x, labels, body, head, rate, frozen):
    d_body, d_head, total = np.zeros_like(body), np.zeros_like(head), 0.0
    for row, label in zip(x, labels, strict=True):
        h = np.tanh(row @ body)
        z = h @ head
        top = z.max()
        p = np.exp(z - top)
        total += top + np.log(p.sum()) - z[label]
        p = p / p.sum()
        p[label] -= 1
        d_head += np.outer(h, p)
        d_body += np.outer(row, (head @ p) * (1 - h * h))
    n = len(x)
    moved = body if frozen else body - rate * d_body / n
    return moved, head - rate * d_head / n, total / n


# %% log-softmax in place
# Log-probabilities first; the tables are changed in place.
def transfer_step(x, labels, body, head, rate, frozen):
    h = np.tanh(x.dot(body))
    z = h.dot(head)
    log_p = z - np.logaddexp.reduce(z, axis=1)[:, None]
    loss = -log_p[np.arange(len(z)), labels].mean()
    g = np.exp(log_p)
    np.subtract.at(g, (np.arange(len(z)), labels), 1.0)
    g *= rate / len(z)
    if not frozen:
        body -= x.T.dot(g.dot(head.T) * (1 + h) * (1 - h))
    head -= h.T.dot(g)
    return body, head, float(loss)


# %% einsum and scipy
# Library softmax, sums written as indices, and 1 / cosh² as the slope.
def transfer_step(x, labels, body, head, rate, frozen):
    from scipy.special import log_softmax, softmax

    before = np.einsum("ni,iw->nw", x, body)
    h = np.tanh(before)
    z = np.einsum("nw,wc->nc", h, head)
    onehot = (np.arange(head.shape[1])[None, :] == labels[:, None]).astype(float)
    loss = float((-log_softmax(z, axis=1) * onehot).sum(axis=1).mean())
    g = (softmax(z, axis=1) - onehot) / x.shape[0]
    back = np.einsum("nc,wc->nw", g, head) * (1 - h**2)
    step = 0.0 if frozen else rate
    return body - step * np.einsum("ni,nw->iw", x, back), head - rate * h.T @ g, loss
