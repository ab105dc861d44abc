# %% outside the mask | says: places outside the mask count | falls: visible
# The mask isn't used.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = beta * (logprobs - reference_logprobs).sum(axis=1)
    preferred, other = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float(np.mean(preferred > other) + 0.5 * np.mean(preferred == other))


# %% mean over the tokens | says: the answer as a whole has the sum | falls: visible
# Long answers count as short ones.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    gained = np.where(mask == 1, logprobs - reference_logprobs, 0.0)
    rewards = beta * gained.sum(axis=1) / mask.sum(axis=1)
    preferred, other = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float(np.mean(preferred > other) + 0.5 * np.mean(preferred == other))


# %% without the reference | says: the reference model is missing | falls: visible
# What is likely is taken for what is good.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = beta * np.where(mask == 1, logprobs, 0.0).sum(axis=1)
    preferred, other = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float(np.mean(preferred > other) + 0.5 * np.mean(preferred == other))


# %% without the price | says: beta is missing | falls: visible
# The agreement is right, the rewards aren't.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = np.where(mask == 1, logprobs - reference_logprobs, 0.0).sum(axis=1)
    preferred, other = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float(np.mean(preferred > other) + 0.5 * np.mean(preferred == other))


# %% sides mixed up | says: the two sides are mixed up | falls: visible
# The second answer is taken for the preferred one.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = beta * np.where(mask == 1, logprobs - reference_logprobs, 0.0).sum(axis=1)
    preferred, other = rewards[pairs[:, 1]], rewards[pairs[:, 0]]
    return rewards, float(np.mean(preferred > other) + 0.5 * np.mean(preferred == other))


# %% equal rewards lose | says: counts one half, not 0 | falls: hidden
# Only a strictly higher reward counts.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = beta * np.where(mask == 1, logprobs - reference_logprobs, 0.0).sum(axis=1)
    return rewards, float(np.mean(rewards[pairs[:, 0]] > rewards[pairs[:, 1]]))


# %% equal rewards win | says: counts one half, not 1 | falls: hidden
# At least as high is taken for higher.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = beta * np.where(mask == 1, logprobs - reference_logprobs, 0.0).sum(axis=1)
    return rewards, float(np.mean(rewards[pairs[:, 0]] >= rewards[pairs[:, 1]]))


# %% nan times 0 | says: choose by the mask | falls: hidden
# Multiplying by the mask lets nan and infinity through.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = beta * ((logprobs - reference_logprobs) * mask).sum(axis=1)
    preferred, other = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float(np.mean(preferred > other) + 0.5 * np.mean(preferred == other))


# %% the price of the example | says: take `beta` | falls: hidden
# 0.2 as in the check.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = 0.2 * np.where(mask == 1, logprobs - reference_logprobs, 0.0).sum(axis=1)
    preferred, other = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float(np.mean(preferred > other) + 0.5 * np.mean(preferred == other))


# %% nearly equal is equal | says: aren't exactly equal | falls: hidden
# Ties are found with a tolerance.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = beta * np.where(mask == 1, logprobs - reference_logprobs, 0.0).sum(axis=1)
    a, b = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float(np.where(np.isclose(a, b), 0.5, a > b).mean())


# %% answers in one piece | says: which is not right | falls: hidden
# All from the first to the last 1 of a row counts.
def implicit_rewards(logprobs, reference_logprobs, mask, beta, pairs):
    rewards = np.zeros(len(mask))
    for i, row in enumerate(mask):
        where = np.flatnonzero(row)
        inside = slice(where[0], where[-1] + 1)
        gained = logprobs[i, inside] - reference_logprobs[i, inside]
        rewards[i] = beta * np.where(np.isfinite(gained), gained, 0.0).sum()
    a, b = rewards[pairs[:, 0]], rewards[pairs[:, 1]]
    return rewards, float((a > b).mean() + (a == b).mean() / 2)
