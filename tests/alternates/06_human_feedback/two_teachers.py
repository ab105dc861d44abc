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
