# %% by hand
# Mean and deviation from sums.
def normalise_rewards(reference, rewards):
    values = [float(v) for v in reference.ravel()]
    mean = sum(values) / len(values)
    spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    if max(values) == min(values):
        mean, spread = values[0], 1.0
    return np.array((rewards - mean) / spread), spread


# %% a tiny spread is none
# Rounding may leave a deviation of 1e-17 where all are equal.
def normalise_rewards(reference, rewards):
    spread = float(np.sqrt(np.mean(np.square(reference - np.mean(reference)))))
    spread = spread if spread > 1e-12 else 1.0
    return np.subtract(rewards, np.mean(reference)) / spread, spread


# %% as the hint says
# The deviation is compared with 0 itself.
def normalise_rewards(reference, rewards):
    mean = reference.sum() / reference.size
    spread = ((reference - mean) ** 2).mean() ** 0.5
    if spread == 0:
        spread = 1
    return (rewards - mean) / spread, spread
