# %% wrong way | says: the step goes the wrong way | falls: visible
# Gradient ascent on the loss: the ideal sentence becomes less likely.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits + rate * p, rewards


# %% only the ideal one | says: only the ideal sentence moved | falls: visible
# A correction is thought to leave all other sentences alone.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    logits = logits.copy()
    logits[ideal] += rate * (1 - p[ideal])
    rewards = rewards.copy()
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits, rewards


# %% q instead of 1 - q | says: a choice that was expected teaches little | falls: visible
# The surer the choice was, the larger the step.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    q = 1 / (1 + np.exp(rewards[worse] - rewards[better]))
    rewards[better] += rate * q
    rewards[worse] -= rate * q
    return logits - rate * p, rewards


# %% only the winner | says: only the winner moved | falls: visible
# The loser's reward is forgotten.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    rewards[better] += rate / (1 + np.exp(rewards[better] - rewards[worse]))
    return logits - rate * p, rewards


# %% winner's new reward used | says: compute it once | falls: visible
# q is computed again after the winner has moved.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    rewards[better] += rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[worse] -= rate / (1 + np.exp(rewards[better] - rewards[worse]))
    return logits - rate * p, rewards


# %% rate left out | says: the rate is left out | falls: hidden
# The example has the rate 1.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    gain = 1 / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits - p, rewards


# %% softmax overflows | says: exp(10000) overflows | falls: hidden
# The softmax of the textbook.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits) / np.exp(logits).sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits - rate * p, rewards
