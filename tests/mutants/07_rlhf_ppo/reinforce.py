# %% always the best arm so far | says: u is not used | falls: visible
# The most likely arm is pulled, nothing is drawn.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for pay in pays:
        p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        arm = int(np.argmax(p))
        logits = logits + rate * pay[arm] * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    return np.array(arms), logits


# %% probabilities of the beginning | says: with the probabilities of the beginning | falls: visible
# Softmax is computed once, before the loop.
def reinforce(uniforms, pays, rate):
    count = pays.shape[1]
    p = np.ones(count) / count
    arms = np.minimum((np.cumsum(p)[None, :] <= uniforms[:, None]).sum(axis=1), count - 1)
    logits = np.zeros(count)
    for arm, pay in zip(arms, pays):
        logits = logits + rate * pay[arm] * (np.eye(count)[arm] - p)
    return arms, logits


# %% only the pulled arm moves | says: only the pulled arm moves | falls: visible
# Softmax is forgotten in the gradient of the other logits.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arm = min(int(np.searchsorted(np.cumsum(p), u, side="right")), len(p) - 1)
        logits[arm] += rate * pay[arm] * (1 - p[arm])
        arms.append(arm)
    return np.array(arms), logits


# %% no - p | says: the - p is missing | falls: visible
# The pulled logit just gets the reward.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        arm = min(int(np.searchsorted(np.cumsum(e / e.sum()), u, side="right")), len(e) - 1)
        logits[arm] += rate * pay[arm]
        arms.append(arm)
    return np.array(arms), logits


# %% every arm its own pay | says: each arm moves by its own pay | falls: visible
# The whole row of pays is used, as if all arms had been pulled.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arm = min(int(np.searchsorted(np.cumsum(p), u, side="right")), len(p) - 1)
        logits = logits + rate * pay * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    return np.array(arms), logits


# %% down instead of up | says: the sign of the change is wrong | falls: visible
# The reward is taken for a loss.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arm = min(int(np.searchsorted(np.cumsum(p), u, side="right")), len(p) - 1)
        logits = logits - rate * pay[arm] * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    return np.array(arms), logits


# %% the rate of the example | says: take `rate` | falls: hidden
# 0.5 is written into the function.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arm = min(int(np.searchsorted(np.cumsum(p), u, side="right")), len(p) - 1)
        logits = logits + 0.5 * pay[arm] * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    return np.array(arms), logits


# %% naive softmax | says: the exponential overflows | falls: hidden
# Nothing is subtracted before the exponential.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        p = np.exp(logits) / np.exp(logits).sum()
        arm = min(int((np.cumsum(p) <= u).sum()), len(p) - 1)
        logits = logits + rate * pay[arm] * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    return np.array(arms), logits


# %% equal is enough | says: strictly above u | falls: hidden
# A running sum that is equal to u ends the search.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arm = min(int((np.cumsum(p) < u).sum()), len(p) - 1)
        logits = logits + rate * pay[arm] * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    return np.array(arms), logits


# %% probabilities after the change | says: use the p from before the change | falls: visible
# The pulled arm moves first, and the softmax is taken again for the others.
def reinforce(uniforms, pays, rate):
    logits, arms = np.zeros(pays.shape[1]), []
    for u, row in zip(uniforms, pays, strict=True):
        p = np.exp(logits - logits.max())
        p /= p.sum()
        arm = min(int((np.cumsum(p) <= u).sum()), len(p) - 1)
        arms.append(arm)
        logits[arm] += rate * row[arm]
        p = np.exp(logits - logits.max())
        p /= p.sum()
        logits = logits - rate * row[arm] * p
    return np.array(arms), logits


# %% one past the last arm | says: then the last arm is pulled | falls: hidden
# Where rounding leaves no running sum above u, the number of an arm that doesn't exist comes out.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arms.append(int((np.cumsum(p) <= u).sum()))
        arm = min(arms[-1], len(p) - 1)
        logits = logits + rate * pay[arm] * (np.eye(len(p))[arm] - p)
    return np.array(arms), logits


# %% probabilities returned | says: these are probabilities; return the logits | falls: visible
# The policy itself is returned.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arm = min(int((np.cumsum(p) <= u).sum()), len(p) - 1)
        logits = logits + rate * pay[arm] * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    e = np.exp(logits - logits.max())
    return np.array(arms), e / e.sum()


# %% negative pays ignored | says: which is not right | falls: hidden
# A pull that costs something teaches nothing: right for pays above 0.
def reinforce(uniforms, pays, rate):
    arms, logits = [], np.zeros(pays.shape[1])
    for u, pay in zip(uniforms, pays):
        e = np.exp(logits - logits.max())
        p = e / e.sum()
        arm = min(int((np.cumsum(p) <= u).sum()), len(p) - 1)
        logits = logits + rate * max(pay[arm], 0.0) * (np.eye(len(p))[arm] - p)
        arms.append(arm)
    return np.array(arms), logits
