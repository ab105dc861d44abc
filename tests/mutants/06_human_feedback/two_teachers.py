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


# %% rate left out | says: the rate is left out | falls: visible
# Every step is taken whole.
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


# %% p alone | says: subtract 1 at the ideal sentence | falls: visible
# The gradient is taken for the probabilities themselves.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    new = np.array(rewards, dtype=float)
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    new[better] += gain
    new[worse] -= gain
    return logits - rate * p, new


# %% softmax over all rewards | says: q is the softmax over all sentences | falls: visible
# The choice is thought to be one among all sentences.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    share = np.exp(rewards - rewards.max())
    share = share / share.sum()
    new = np.array(rewards, dtype=float)
    new[better] += rate * (1 - share[better])
    new[worse] -= rate * (1 - share[better])
    return logits - rate * p, new


# %% rewards sorted by number | falls: visible
# The comparison is thought to be always won by the sentence with the smaller number.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    up, down = min(better, worse), max(better, worse)
    new = np.array(rewards, dtype=float)
    gain = rate / (1 + np.exp(rewards[up] - rewards[down]))
    new[up] += gain
    new[down] -= gain
    return logits - rate * p, new


# %% sigmoid overflows | says: infinity divided by infinity | falls: hidden
# 1 - q with an exponential above and below the line.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    odds = np.exp(rewards[better] - rewards[worse])
    gain = rate * (1 - odds / (1 + odds))
    new = np.array(rewards, dtype=float)
    new[better] += gain
    new[worse] -= gain
    return logits - rate * p, new
