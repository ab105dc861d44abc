# %% group by group
# Python's own statistics, one request at a time.
def group_advantages(rewards):
    import statistics

    grpo, rloo = np.zeros(rewards.shape), np.zeros(rewards.shape)
    for i, row in enumerate(rewards.tolist()):
        if len(set(row)) > 1:
            mean, spread = statistics.fmean(row), statistics.pstdev(row)
            grpo[i] = [(r - mean) / spread for r in row]
        if len(row) > 1:
            rloo[i] = [r - (sum(row) - r) / (len(row) - 1) for r in row]
    return grpo, rloo


# %% a stretched difference
# Leave-one-out is the difference from the whole mean, times n / (n - 1).
def group_advantages(rewards):
    n = rewards.shape[1]
    apart = rewards - rewards.mean(axis=1)[:, None]
    apart[np.ptp(rewards, axis=1) == 0] = 0.0
    length = np.sqrt((apart**2).mean(axis=1))[:, None]
    grpo = np.divide(apart, length, out=np.zeros_like(apart), where=length > 0)
    return grpo, apart * (n / (n - 1) if n > 1 else 0.0)


# %% a matrix of others
# A matrix averages the other answers of each group.
def group_advantages(rewards):
    n = rewards.shape[1]
    others = (np.ones((n, n)) - np.eye(n)) / max(n - 1, 1)
    rloo = rewards - rewards @ others if n > 1 else np.zeros_like(rewards)
    spread = rewards.std(axis=1, keepdims=True)
    same = np.all(rewards == rewards[:, :1], axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        grpo = (rewards - rewards.mean(axis=1, keepdims=True)) / spread
    return np.where(same, 0.0, grpo), rloo
