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


# %% one by value | says: y is 1 at the ideal sentence alone | falls: hidden
# y is 1 wherever the logit is the ideal one's, so equal logits all count as ideal.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    y = logits == logits[ideal]
    rewards = rewards.copy()
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits - rate * (p - y), rewards


# %% the others lose equal parts | says: the others lose equal parts | falls: visible
# What the ideal sentence wins is taken from all others alike, however likely each is.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    step = np.full(len(p), -rate * (1 - p[ideal]) / (len(p) - 1))
    step[ideal] = rate * (1 - p[ideal])
    rewards = rewards.copy()
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits + step, rewards


# %% logits stay shifted | says: that belongs inside the softmax only | falls: visible
# The largest logit was subtracted for the softmax and never added again.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    logits = logits - logits.max()
    p = np.exp(logits) / np.exp(logits).sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits - rate * p, rewards


# %% numbers cut off | falls: hidden
# Logits and rewards are cut to a range in which the exponential doesn't overflow.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    logits, rewards = np.clip(logits, -500, 500), np.clip(rewards, -500, 500)
    p = np.exp(logits) / np.exp(logits).sum()
    p[ideal] -= 1
    gain = rate / (1 + np.exp(rewards[better] - rewards[worse]))
    rewards[better] += gain
    rewards[worse] -= gain
    return logits - rate * p, rewards


# %% the loser moves by q | says: the loser moves by rate times q | falls: visible
# The loser's step is q in place of 1 - q.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    rewards = rewards.copy()
    gap = rewards[better] - rewards[worse]
    rewards[better] += rate / (1 + np.exp(gap))
    rewards[worse] -= rate / (1 + np.exp(-gap))
    return logits - rate * p, rewards


# %% each reward by its own sigmoid | says: each reward goes into a sigmoid of its own | falls: visible
# The sigmoid takes one reward at a time; only the difference counts.
def two_teachers(logits, ideal, rewards, better, worse, rate):
    p = np.exp(logits - logits.max())
    p = p / p.sum()
    p[ideal] -= 1
    old, rewards = rewards, rewards.copy()
    rewards[better] += rate / (1 + np.exp(old[better]))
    rewards[worse] -= rate / (1 + np.exp(-old[worse]))
    return logits - rate * p, rewards
