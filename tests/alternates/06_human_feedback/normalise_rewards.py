# %% by hand
# Mean and deviation from sums.
def normalise_rewards(reference, rewards):
    values = [float(v) for v in reference.ravel()]
    mean = sum(values) / len(values)
    spread = (sum((v - mean) ** 2 for v in values) / len(values)) ** 0.5
    if max(values) == min(values):
        mean, spread = values[0], 1.0
    return np.array((rewards - mean) / spread)


# %% a tiny spread is none
# Rounding may leave a deviation of 1e-13 where all are equal.
def normalise_rewards(reference, rewards):
    spread = float(np.sqrt(np.mean(np.square(reference - np.mean(reference)))))
    spread = spread if spread > 1e-6 else 1.0
    return np.subtract(rewards, np.mean(reference)) / spread


# %% in place, by the set of values
# How many different values there are decides; the argument itself is changed.
def normalise_rewards(reference, rewards):
    rewards -= reference.sum() / reference.size
    if len(set(reference.ravel().tolist())) > 1:
        rewards /= np.linalg.norm(reference - reference.mean()) / reference.size**0.5
    return rewards


# %% a line
# Scale and offset first, then one multiplication; the reference as a sorted list.
def normalise_rewards(reference, rewards):
    from statistics import fmean, pstdev

    values = sorted(float(x) for x in np.ravel(reference))
    scale = 1.0 if values[0] == values[-1] else 1 / pstdev(values)
    return np.asarray(rewards) * scale - fmean(values) * scale


# %% from the first value
# Measures everything from the first reference reward, so that equal ones are exactly 0.
def normalise_rewards(reference, rewards):
    start = reference.flat[0]
    moved = reference - start
    return (rewards - start - moved.mean()) / (moved.std() or 1)


# %% a hundred-millionth added
# Nothing is ever divided by 0, and equal rewards are looked for as well.
def normalise_rewards(reference, rewards):
    spread = 1.0 if np.isclose(reference.std(), 0) else reference.std()
    return (rewards - reference.mean()) / (spread + 1e-8)
