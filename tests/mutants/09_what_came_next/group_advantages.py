# %% zero by zero | says: 0 / 0 in the group without a spread | falls: visible
# No look at groups without a spread.
def group_advantages(rewards):
    mean, spread = rewards.mean(axis=1, keepdims=True), rewards.std(axis=1, keepdims=True)
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, rewards.shape[1] - 1)
    rloo = rewards - others if rewards.shape[1] > 1 else 0 * rewards
    return (rewards - mean) / spread, rloo


# %% no deviation | says: nothing is divided by the deviation | falls: visible
# As in Dr. GRPO.
def group_advantages(rewards):
    mean = rewards.mean(axis=1, keepdims=True)
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, rewards.shape[1] - 1)
    return rewards - mean, (rewards - others if rewards.shape[1] > 1 else 0 * rewards)


# %% deviation of a sample | says: take the mean of the squares | falls: visible
# Divided by one less than the group.
def group_advantages(rewards):
    mean = rewards.mean(axis=1, keepdims=True)
    size = rewards.shape[1]
    if size == 1:
        return 0 * rewards, 0 * rewards
    spread = rewards.std(axis=1, keepdims=True, ddof=1)
    flat = rewards.max(axis=1, keepdims=True) == rewards.min(axis=1, keepdims=True)
    grpo = np.where(flat, 0.0, (rewards - mean) / np.where(flat, 1.0, spread))
    return grpo, rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / (size - 1)


# %% variance | says: take its root | falls: visible
# The root is forgotten.
def group_advantages(rewards):
    mean = rewards.mean(axis=1, keepdims=True)
    flat = rewards.max(axis=1, keepdims=True) == rewards.min(axis=1, keepdims=True)
    grpo = (rewards - mean) / np.where(flat, 1.0, rewards.var(axis=1, keepdims=True))
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, rewards.shape[1] - 1)
    rloo = rewards - others if rewards.shape[1] > 1 else 0 * rewards
    return np.where(flat, 0.0, grpo), rloo


# %% one group of all | says: each request has its own | falls: visible
# Mean and deviation of the whole batch.
def group_advantages(rewards):
    spread = rewards.std()
    grpo = (rewards - rewards.mean()) / (spread if spread > 0 else 1.0)
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, rewards.shape[1] - 1)
    return grpo, (rewards - others if rewards.shape[1] > 1 else 0 * rewards)


# %% columns as groups | says: a row is a group | falls: visible
# The axes are mixed up.
def group_advantages(rewards):
    grpo = (rewards - rewards.mean(axis=0)) / rewards.std(axis=0)
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, rewards.shape[1] - 1)
    return grpo, (rewards - others if rewards.shape[1] > 1 else 0 * rewards)


# %% a small number below | says: is right | falls: visible
# A constant in the denominator, as many programs have it: small rewards are spoilt.
def group_advantages(rewards):
    mean, spread = rewards.mean(axis=1, keepdims=True), rewards.std(axis=1, keepdims=True)
    flat = rewards.max(axis=1, keepdims=True) == rewards.min(axis=1, keepdims=True)
    grpo = np.where(flat, 0.0, (rewards - mean) / (spread + 1e-6))
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, rewards.shape[1] - 1)
    return grpo, (rewards - others if rewards.shape[1] > 1 else 0 * rewards)


# %% spread of exactly 0 | says: which is not right | falls: hidden
# The deviation of equal numbers is asked for 0; rounding may leave a little.
def group_advantages(rewards):
    mean, spread = rewards.mean(axis=1, keepdims=True), rewards.std(axis=1, keepdims=True)
    grpo = (rewards - mean) / np.where(spread == 0, 1.0, spread)
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / max(1, rewards.shape[1] - 1)
    return grpo, (rewards - others if rewards.shape[1] > 1 else 0 * rewards)


# %% itself among the others | says: take the mean of the others | falls: visible
# The mean of the whole group for both.
def group_advantages(rewards):
    mean = rewards.mean(axis=1, keepdims=True)
    flat = rewards.max(axis=1, keepdims=True) == rewards.min(axis=1, keepdims=True)
    spread = np.where(flat, 1.0, rewards.std(axis=1, keepdims=True))
    return np.where(flat, 0.0, (rewards - mean) / spread), rewards - mean


# %% one answer alone | says: nan | falls: hidden
# The mean of no others.
def group_advantages(rewards):
    mean = rewards.mean(axis=1, keepdims=True)
    flat = rewards.max(axis=1, keepdims=True) == rewards.min(axis=1, keepdims=True)
    spread = np.where(flat, 1.0, rewards.std(axis=1, keepdims=True))
    others = (rewards.sum(axis=1, keepdims=True) - rewards) / np.float64(rewards.shape[1] - 1)
    return np.where(flat, 0.0, (rewards - mean) / spread), rewards - others
