# %% one-hot rows and logaddexp
# Writes e as a row of the identity, and 1 - q as a stable sigmoid of the other difference.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    n = len(logits)
    log_p = logits - np.logaddexp.reduce(logits)
    step = rate * np.exp(-np.logaddexp(0, rewards[better] - rewards[worse]))
    rows = np.eye(n)
    return logits - rate * (np.exp(log_p) - rows[ideal]), rewards + step * (
        rows[better] - rows[worse]
    )


# %% with torch's gradients
# Lets torch find both gradients.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    r = torch.tensor(rewards, dtype=torch.float64, requires_grad=True)
    (-F.log_softmax(z, 0)[ideal] - F.logsigmoid(r[better] - r[worse])).backward()
    return (z - rate * z.grad).detach().numpy(), (r - rate * r.grad).detach().numpy()


# %% changes the rewards that it was given
# A function may change its arguments; what it returns is right.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    q = np.exp(-np.logaddexp(0.0, rewards[worse] - rewards[better]))
    logits -= rate * np.exp(logits - np.logaddexp.reduce(logits))
    logits[ideal] += rate
    rewards[better] += rate * (1 - q)
    rewards[worse] -= rate * (1 - q)
    return logits, rewards
