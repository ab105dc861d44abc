# %% torch's own optimizer
# Gives what moves to SGD, which changes the caller's tensors.
def tuning_step(weights, moving, x, y, rate):
    leaves = [weights[name].requires_grad_() for name in moving]
    optimizer = torch.optim.SGD(leaves, lr=rate)
    scores = torch.tanh(torch.nn.functional.linear(x, weights["features"]))
    loss = torch.nn.CrossEntropyLoss()(torch.nn.functional.linear(scores, weights["head"]), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return weights, loss.detach()


# %% the gradients as a list
# Asks autograd for the gradients of what moves, and writes the loss out.
def tuning_step(weights, moving, x, y, rate):
    old = {name: weight.clone() for name, weight in weights.items()}
    chosen = [old[name].requires_grad_() for name in moving]
    logs = torch.log_softmax((x @ old["features"].T).tanh() @ old["head"].T, dim=-1)
    loss = -logs[torch.arange(len(y)), y].mean()
    after = {name: weight.detach() for name, weight in old.items()}
    for name, slope in zip(moving, torch.autograd.grad(loss, chosen), strict=True):
        after[name] = after[name] - rate * slope
    return after, float(loss)


# %% by hand
# Derives both gradients on paper: probability minus what happened, through tanh.
def tuning_step(weights, moving, x, y, rate):
    below, above = weights["features"], weights["head"]
    t = torch.tanh(x @ below.T)
    p = torch.softmax(t @ above.T, dim=1)
    loss = -torch.log(p[range(len(y)), y]).mean()
    error = (p - torch.nn.functional.one_hot(y, above.shape[0])) / len(y)
    slopes = {"head": error.T @ t, "features": ((error @ above) * (1 - t * t)).T @ x}
    return {n: w - rate * slopes[n] if n in moving else w for n, w in weights.items()}, loss.item()


# %% layers of torch
# Two linear layers without a bias take the weights in; the frozen one asks for no gradient.
def tuning_step(weights, moving, x, y, rate):
    layers = {}
    for name, weight in weights.items():
        layers[name] = torch.nn.Linear(*weight.shape[::-1], bias=False, dtype=weight.dtype)
        layers[name].load_state_dict({"weight": weight})
        layers[name].requires_grad_(name in moving)
    model = torch.nn.Sequential(layers["features"], torch.nn.Tanh(), layers["head"])
    loss = torch.nn.CrossEntropyLoss()(model(x), y)
    loss.backward()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.grad is not None:
                weight -= rate * weight.grad
    return {name: layer.weight.data for name, layer in layers.items()}, float(loss)
