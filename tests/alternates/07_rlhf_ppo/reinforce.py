# %% one-hot and searchsorted
# The bracket as a vector; the arm by a search in the running sums without their last one.
def reinforce(uniforms, pays, rate):
    z, arms = np.zeros(pays.shape[1]), np.empty(len(pays), dtype=int)
    for t, u in enumerate(uniforms):
        p = 1 / np.exp(z[None, :] - z[:, None]).sum(axis=1)
        arms[t] = np.searchsorted(np.cumsum(p)[:-1], u, side="right")
        bracket = -p
        bracket[arms[t]] += 1
        z = z + rate * pays[t, arms[t]] * bracket
    return arms, z


# %% torch finds the gradient
# The gradient of the logarithm comes from torch instead of the formula.
def reinforce(uniforms, pays, rate):
    z = torch.zeros(pays.shape[1], dtype=torch.float64, requires_grad=True)
    arms = []
    for u, pay in zip(uniforms.tolist(), pays.tolist()):
        logp = z.log_softmax(0)
        ends = logp.detach().exp().cumsum(0).tolist()
        arm = next((k for k, end in enumerate(ends) if end > u), len(ends) - 1)
        (slope,) = torch.autograd.grad(logp[arm], z)
        z = (z + rate * pay[arm] * slope).detach().requires_grad_()
        arms.append(arm)
    return np.array(arms), z.detach().numpy()


# %% weights instead of logits
# Unnormalised weights are cut by u times their sum; the rate goes into the table of pays itself.
def reinforce(uniforms, pays, rate):
    pays *= rate
    z, arms = np.zeros(pays.shape[1]), []
    for u, row in zip(uniforms.tolist(), pays):
        w = np.exp(z - z.max())
        p, total, arm = w / w.sum(), 0.0, len(w) - 1
        for k, share in enumerate(p):
            total += share
            if total > u:
                arm = k
                break
        z -= row[arm] * p
        z[arm] += row[arm]
        arms.append(arm)
    return np.asarray(arms), z
