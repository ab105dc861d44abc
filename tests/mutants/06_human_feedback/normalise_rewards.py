# %% own mean | says: mean and deviation of the rewards themselves | falls: visible
# The reference isn't used.
def normalise_rewards(reference, rewards):
    return (rewards - rewards.mean()) / rewards.std(), float(reference.std())


# %% variance | says: divided by the variance | falls: visible
# The root is forgotten.
def normalise_rewards(reference, rewards):
    spread = float(reference.var()) or 1.0
    return (rewards - reference.mean()) / spread, spread


# %% n - 1 | says: this deviation divides by n - 1 | falls: visible
# The deviation of a sample, as pandas and torch take it.
def normalise_rewards(reference, rewards):
    spread = float(reference.std(ddof=1)) or 1.0
    return (rewards - reference.mean()) / spread, spread


# %% slope upside down | says: this is one over it | falls: visible
# The slope is what the rewards were multiplied by.
def normalise_rewards(reference, rewards):
    spread = float(reference.std()) or 1.0
    return (rewards - reference.mean()) / spread, 1 / spread


# %% no spread | says: 0/0 | falls: hidden
# Divides by a deviation of 0.
def normalise_rewards(reference, rewards):
    spread = reference.std()
    if spread < 1e-9:
        spread = spread * 0
    return (rewards - reference.mean()) / spread, float(spread)


# %% all zero without spread | says: everything became 0 | falls: hidden
# The case without spread is thought to hold no information.
def normalise_rewards(reference, rewards):
    spread = float(reference.std())
    if spread < 1e-9:
        return np.zeros_like(rewards), 1.0
    return (rewards - reference.mean()) / spread, spread


# %% a small number instead of none | says: blows the rewards up | falls: hidden
# The usual guard against a division by 0, which turns a difference of 1 into a hundred million.
def normalise_rewards(reference, rewards):
    spread = float(reference.std()) + 1e-8
    return (rewards - reference.mean()) / spread, spread


# %% slope 0 without spread | says: the slope became 0 | falls: hidden
# The division is left out where it can't be, but not the slope that belongs to it.
def normalise_rewards(reference, rewards):
    spread = float(reference.std())
    shifted = rewards - reference.mean()
    return (shifted / spread if spread > 1e-12 else shifted), spread
