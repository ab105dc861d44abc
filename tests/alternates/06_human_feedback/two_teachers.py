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


# %% plain Python numbers
# math.exp on one number at a time, and lists turned into arrays at the end.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    import math

    logits, rewards = [float(z) for z in logits], [float(r) for r in rewards]
    total = sum(math.exp(z - max(logits)) for z in logits)
    new = [z - rate * math.exp(z - max(logits)) / total for z in logits]
    new[ideal] += rate
    gap = rewards[better] - rewards[worse]
    missing = math.exp(-gap) / (1 + math.exp(-gap)) if gap > 0 else 1 / (1 + math.exp(gap))
    rewards[better] += rate * missing
    rewards[worse] -= rate * missing
    return np.array(new), np.array(rewards)


# %% a softmax of two
# q is the softmax of the two rewards that were compared; one table of unit rows gives y.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    def softmax(z):
        e = np.exp(z - np.max(z))
        return e / e.sum()

    q = softmax(rewards[[better, worse]])[0]
    unit = np.eye(len(rewards))
    step = rate * (1 - q) * (unit[better] - unit[worse])
    return np.subtract(logits, rate * (softmax(logits) - unit[ideal])), rewards + step
