# %% answer by answer
# Cuts each answer out and runs the recursion of the formula in plain Python.
def gae(rewards, values, mask, lam):
    advantages, returns = np.zeros(rewards.shape), np.zeros(rewards.shape)
    for b, row in enumerate(mask):
        later, next_value = 0.0, 0.0
        for t in np.flatnonzero(row)[::-1]:
            later = rewards[b, t] + next_value - values[b, t] + lam * later
            next_value = values[b, t]
            advantages[b, t], returns[b, t] = later, later + next_value
    return advantages, returns


# %% matrix of weights
# All surprises at once, then a product with a triangle of powers of lambda.
def gae(rewards, values, mask, lam):
    time = rewards.shape[1]
    v = np.where(mask == 1, values, 0.0)
    step = np.where(mask == 1, rewards + np.c_[v[:, 1:], np.zeros(len(v))] - v, 0.0)
    distance = np.arange(time)[:, None] - np.arange(time)[None, :]
    weights = np.where(distance >= 0, float(lam) ** np.maximum(distance, 0), 0.0)
    advantages = step @ weights * mask
    return advantages, advantages + v


# %% returns first
# The return mixes the next value and the next return; the advantage is what is above the value.
def gae(rewards, values, mask, lam):
    returns = np.zeros(rewards.shape)
    target = value = np.zeros(len(rewards))
    for t in reversed(range(rewards.shape[1])):
        inside = mask[:, t] > 0
        target = np.where(inside, rewards[:, t] + (1 - lam) * value + lam * target, 0.0)
        value = np.where(inside, values[:, t], 0.0)
        returns[:, t] = target
    return np.where(mask > 0, returns - values, 0.0), returns
