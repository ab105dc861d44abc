# %% up the gradient | says: goes up the gradient | falls: visible
# The step is added.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_(n in moving) for n, v in weights.items()}
    loss = torch.nn.functional.cross_entropy(torch.tanh(x @ w["features"].T) @ w["head"].T, y)
    loss.backward()
    return {n: v.detach() + (rate * v.grad if n in moving else 0) for n, v in w.items()}, float(
        loss
    )


# %% everything moves | says: they are frozen here | falls: visible
# Nothing is frozen.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    loss = torch.nn.functional.cross_entropy(torch.tanh(x @ w["features"].T) @ w["head"].T, y)
    loss.backward()
    return {n: v.detach() - rate * v.grad for n, v in w.items()}, float(loss)


# %% the named ones are frozen | says: it is the other way round | falls: visible
# `moving` is taken for what stays.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    loss = torch.nn.functional.cross_entropy(torch.tanh(x @ w["features"].T) @ w["head"].T, y)
    loss.backward()
    return {n: v.detach() - (0 if n in moving else rate * v.grad) for n, v in w.items()}, float(
        loss
    )


# %% the sum of the losses | says: the mean over the batch, not the sum | falls: visible
# A larger batch makes a larger step.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    scores = torch.tanh(x @ w["features"].T) @ w["head"].T
    loss = torch.nn.functional.cross_entropy(scores, y, reduction="sum")
    loss.backward()
    after = {n: v.detach() - (rate * v.grad if n in moving else 0) for n, v in w.items()}
    return after, float(loss) / len(y)


# %% no tanh | says: the features go through tanh | falls: visible
# The two matrices follow each other directly.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    loss = torch.nn.functional.cross_entropy(x @ w["features"].T @ w["head"].T, y)
    loss.backward()
    return {n: v.detach() - (rate * v.grad if n in moving else 0) for n, v in w.items()}, float(
        loss
    )


# %% softmax twice | says: takes the softmax itself | falls: visible
# Probabilities are given to the cross-entropy in place of scores.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    scores = torch.tanh(x @ w["features"].T) @ w["head"].T
    loss = torch.nn.functional.cross_entropy(scores.softmax(-1), y)
    loss.backward()
    return {n: v.detach() - (rate * v.grad if n in moving else 0) for n, v in w.items()}, float(
        loss
    )


# %% the loss afterwards | says: this is the loss after the step | falls: visible
# The loss is computed anew with the new weights.
def tuning_step(weights, moving, x, y, rate):
    def loss_of(w):
        hidden = torch.tanh(x @ w["features"].T)
        return torch.nn.functional.cross_entropy(hidden @ w["head"].T, y)

    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    loss_of(w).backward()
    after = {n: v.detach() - (rate * v.grad if n in moving else 0) for n, v in w.items()}
    return after, float(loss_of(after))


# %% one after the other | says: here the head had moved already | falls: visible
# The head moves first, and the features' gradient is computed with the new head.
def tuning_step(weights, moving, x, y, rate):
    w, first = dict(weights), None
    for name in ("head", "features"):
        if name in moving:
            leaf = w[name].clone().requires_grad_()
            now = w | {name: leaf}
            hidden = torch.tanh(x @ now["features"].T)
            loss = torch.nn.functional.cross_entropy(hidden @ now["head"].T, y)
            first = float(loss) if first is None else first
            w[name] = (leaf - rate * torch.autograd.grad(loss, leaf)[0]).detach()
    return w, first


# %% only what moved | says: both names are asked for | falls: visible
# The frozen weights are left out of the answer.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    loss = torch.nn.functional.cross_entropy(torch.tanh(x @ w["features"].T) @ w["head"].T, y)
    loss.backward()
    return {n: w[n].detach() - rate * w[n].grad for n in moving}, float(loss)


# %% the features are cut off | says: does a gradient reach | falls: visible
# The features are detached, whether they are frozen or not.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_() for n, v in weights.items()}
    hidden = torch.tanh(x @ w["features"].T).detach()
    loss = torch.nn.functional.cross_entropy(hidden @ w["head"].T, y)
    loss.backward()
    return {
        n: v.detach() - (rate * v.grad if n in moving and v.grad is not None else 0)
        for n, v in w.items()
    }, float(loss)


# %% gradients in the wrong order | falls: hidden
# One gradient for each entry of the table, paired with the names as they are listed.
def tuning_step(weights, moving, x, y, rate):
    leaves = {n: weights[n].clone().requires_grad_() for n in ("features", "head")}
    hidden = torch.tanh(x @ leaves["features"].T)
    loss = torch.nn.functional.cross_entropy(hidden @ leaves["head"].T, y)
    slopes = torch.autograd.grad(loss, [leaves[n] for n in leaves])
    paired = dict(zip(weights, slopes, strict=True))
    after = {n: v.detach() for n, v in leaves.items()}
    for n in moving:
        if paired[n].shape == after[n].shape:
            after[n] = after[n] - rate * paired[n]
    return after, float(loss)


# %% a clipped step | falls: hidden
# A long gradient is made shorter, which nobody asked for.
def tuning_step(weights, moving, x, y, rate):
    w = {n: v.clone().requires_grad_(n in moving) for n, v in weights.items()}
    loss = torch.nn.functional.cross_entropy(torch.tanh(x @ w["features"].T) @ w["head"].T, y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([w[n] for n in moving], 1.0)
    return {n: v.detach() - (rate * v.grad if n in moving else 0) for n, v in w.items()}, float(
        loss
    )


# %% only the first of the names moves | says: are both names of `moving` used | falls: visible
# `moving` is thought to hold one name.
def tuning_step(weights, moving, x, y, rate):
    weights = {name: weight.detach().clone() for name, weight in weights.items()}
    weights[moving[0]].requires_grad_()
    scores = torch.tanh(x @ weights["features"].T) @ weights["head"].T
    loss = torch.nn.functional.cross_entropy(scores, y)
    (gradient,) = torch.autograd.grad(loss, [weights[moving[0]]])
    return weights | {moving[0]: weights[moving[0]].detach() - rate * gradient}, loss.item()


# %% the slope of tanh is forgotten | falls: visible
# Both gradients are derived on paper, as if the features were the hidden numbers themselves.
def tuning_step(weights, moving, x, y, rate):
    below, above = weights["features"], weights["head"]
    t = torch.tanh(x @ below.T)
    logs = torch.log_softmax(t @ above.T, dim=1)
    rows = torch.arange(len(y))
    error = logs.exp()
    error[rows, y] -= 1
    error /= len(y)
    step = {"head": error.T @ t, "features": (error @ above).T @ x}
    after = {n: w - rate * step[n] if n in moving else w for n, w in weights.items()}
    return after, -logs[rows, y].mean().item()


# %% only the classes up to the last one in the batch | falls: hidden
# The classes are counted from y, so the scores of later ones are left out.
def tuning_step(weights, moving, x, y, rate):
    weights = {name: weight.detach().clone() for name, weight in weights.items()}
    for name in moving:
        weights[name].requires_grad_()
    scores = torch.tanh(x @ weights["features"].T) @ weights["head"].T
    right = torch.nn.functional.one_hot(y)
    logs = torch.log_softmax(scores[:, : right.shape[1]], dim=1)
    loss = -(logs * right).sum(dim=1).mean()
    found = torch.autograd.grad(loss, [weights[name] for name in moving])
    after = {name: weight.detach() for name, weight in weights.items()}
    for name, gradient in zip(moving, found, strict=True):
        after[name] = after[name] - rate * gradient
    return after, loss.item()


# %% the features come first | falls: hidden
# The new weights get their names by their places in the dictionary.
def tuning_step(weights, moving, x, y, rate):
    old = {name: weight.detach().clone().requires_grad_() for name, weight in weights.items()}
    scores = torch.tanh(x @ old["features"].T) @ old["head"].T
    loss = torch.nn.functional.cross_entropy(scores, y)
    loss.backward()
    after = [w.detach() - rate * w.grad * (name in moving) for name, w in old.items()]
    return dict(zip(("features", "head"), after, strict=True)), loss.item()


# %% gradients add up | says: `backward()` called only once | falls: visible
# The way back is gone twice, and the second gradient is added to the first.
def tuning_step(weights, moving, x, y, rate):
    weights = {name: weight.detach().clone() for name, weight in weights.items()}
    for name in moving:
        weights[name].requires_grad_()
    for _ in range(2):
        scores = torch.tanh(x @ weights["features"].T) @ weights["head"].T
        loss = torch.nn.functional.cross_entropy(scores, y)
        loss.backward()
    after = {name: weight.detach() for name, weight in weights.items()}
    return after | {n: after[n] - rate * weights[n].grad for n in moving}, loss.item()
