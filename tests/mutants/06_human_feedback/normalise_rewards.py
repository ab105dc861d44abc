# %% own mean | says: mean and deviation of the rewards themselves | falls: visible
# The reference isn't used.
def normalise_rewards(reference, rewards):
    return (rewards - rewards.mean()) / rewards.std()


# %% variance | says: divided by the variance | falls: visible
# The root is forgotten.
def normalise_rewards(reference, rewards):
    spread = reference.var() if np.ptp(reference) else 1.0
    return (rewards - reference.mean()) / spread


# %% n - 1 | says: this deviation divides by n - 1 | falls: visible
# The deviation of a sample, as pandas and torch take it.
def normalise_rewards(reference, rewards):
    spread = reference.std(ddof=1) if np.ptp(reference) else 1.0
    return (rewards - reference.mean()) / spread


# %% only shifted | says: only shifted | falls: visible
# The unit is left as it was.
def normalise_rewards(reference, rewards):
    return rewards - reference.mean()


# %% median | says: the median is taken off | falls: visible
# Another middle.
def normalise_rewards(reference, rewards):
    spread = reference.std() if np.ptp(reference) else 1.0
    return (rewards - np.median(reference)) / spread


# %% divides by whatever comes out | says: in floats the deviation of equal numbers | falls: visible
# The deviation of three times 0.1 is taken as it is.
def normalise_rewards(reference, rewards):
    return (rewards - np.mean(reference)) / np.std(reference)


# %% compared with 0 | says: in floats the deviation of equal numbers | falls: visible
# The case is thought of, but the computed deviation isn't exactly 0.
def normalise_rewards(reference, rewards):
    spread = np.std(reference)
    if spread == 0:
        spread = 1.0
    return (rewards - np.mean(reference)) / spread


# %% all zero without spread | says: everything became 0 | falls: visible
# The case without spread is thought to hold no information.
def normalise_rewards(reference, rewards):
    if np.ptp(reference) == 0:
        return np.zeros_like(rewards)
    return (rewards - reference.mean()) / reference.std()


# %% as it was without spread | says: the rewards came back as they are | falls: visible
# Neither divided nor shifted.
def normalise_rewards(reference, rewards):
    if np.ptp(reference) == 0:
        return rewards
    return (rewards - reference.mean()) / reference.std()


# %% a small number instead of none | says: a small number in place of the deviation | falls: visible
# The usual guard against a division by 0, which turns a difference of 1 into a hundred million.
def normalise_rewards(reference, rewards):
    return (rewards - reference.mean()) / (reference.std() + 1e-8)


# %% a small spread is none | says: a small deviation is a deviation, too | falls: hidden
# Everything below a hundredth counts as equal.
def normalise_rewards(reference, rewards):
    spread = reference.std()
    return (rewards - reference.mean()) / (spread if spread > 0.01 else 1.0)


# %% the first row | says: only the first row of the reference | falls: visible
# Only the first axis is read.
def normalise_rewards(reference, rewards):
    own = reference[0]
    return (rewards - np.mean(own)) / (np.std(own) if np.ptp(own) else 1.0)


# %% nearly equal by numpy's tolerance | says: a small deviation is a deviation, too | falls: hidden
# np.allclose takes a hundred-thousandth of the values for nothing.
def normalise_rewards(reference, rewards):
    if np.allclose(reference, reference.mean()):
        return rewards - reference.mean()
    return (rewards - reference.mean()) / reference.std()


# %% column by column | says: only the first column of the reference | falls: visible
# Mean and deviation along the first axis of the reference.
def normalise_rewards(reference, rewards):
    mean, deviation = reference.mean(axis=0), reference.std(axis=0)
    mean, deviation = np.ravel(mean)[0], np.ravel(deviation)[0]
    return (rewards - mean) / (deviation if np.ptp(reference) else 1.0)


# %% a thousandth is no spread | says: a small deviation is a deviation, too | falls: hidden
# A deviation below a thousandth counts as none.
def normalise_rewards(reference, rewards):
    deviation = reference.std()
    return (rewards - reference.mean()) / (deviation if deviation > 1e-3 else 1.0)


# %% a threshold too fine for large rewards | falls: hidden
# Takes the rounding of 0.1 for the largest there is: 1e-16.
def normalise_rewards(reference, rewards):
    deviation = reference.std()
    return (rewards - reference.mean()) / (deviation if deviation > 1e-16 else 1.0)


# %% one list of numbers | says: has shape | falls: hidden
# The rewards lose their shape.
def normalise_rewards(reference, rewards):
    deviation = reference.std() if np.ptp(reference) else 1.0
    return (np.ravel(rewards) - reference.mean()) / deviation


# %% reference and rewards together | says: reference and rewards are mixed | falls: visible
# Mean and deviation of all numbers that there are.
def normalise_rewards(reference, rewards):
    every = np.concatenate([reference.ravel(), rewards.ravel()])
    return (rewards - every.mean()) / (every.std() if np.ptp(reference) else 1.0)


# %% between 0 and 1 | says: between the smallest and the largest | falls: visible
# The range of the reference in place of mean and deviation.
def normalise_rewards(reference, rewards):
    low, high = reference.min(), reference.max()
    return (rewards - low) / ((high - low) or 1.0)


# %% cut at three deviations | falls: hidden
# Rewards far from the reference are cut off.
def normalise_rewards(reference, rewards):
    deviation = reference.std() if np.ptp(reference) else 1.0
    return np.clip((rewards - reference.mean()) / deviation, -3, 3)


# %% a small number added to the deviation | says: a small number is added to the deviation | falls: hidden
# Adds a millionth to each deviation, so that nothing is divided by 0.
def normalise_rewards(reference, rewards):
    deviation = reference.std() if np.ptp(reference) else 1.0
    return (rewards - reference.mean()) / (deviation + 1e-6)
