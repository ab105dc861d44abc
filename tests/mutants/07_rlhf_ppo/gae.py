# %% single steps | says: these are the surprises of single steps | falls: visible
# Nothing is added from later steps.
def gae(rewards, values, mask, lam):
    r, v = rewards * mask, values * mask
    advantages = (r + np.pad(v, ((0, 0), (0, 1)))[:, 1:] - v) * mask
    return advantages, advantages + v


# %% lambda left out | says: later surprises count fully | falls: visible
# All later rewards minus the value, whatever lambda says.
def gae(rewards, values, mask, lam):
    r, v = rewards * mask, values * mask
    advantages = (np.cumsum(r[:, ::-1], axis=1)[:, ::-1] - v) * mask
    return advantages, advantages + v


# %% from left to right | says: this goes from left to right | falls: visible
# The loop runs in the direction of reading.
def gae(rewards, values, mask, lam):
    r, v = rewards * mask, values * mask
    step = (r + np.pad(v, ((0, 0), (0, 1)))[:, 1:] - v) * mask
    advantages, before = np.zeros(values.shape), np.zeros(len(values))
    for t in range(values.shape[1]):
        before = advantages[:, t] = (step[:, t] + lam * before) * mask[:, t]
    return advantages, advantages + v


# %% no next value | says: the next value is missing in the surprise | falls: visible
# The surprise is taken to be the reward minus the value.
def gae(rewards, values, mask, lam):
    advantages, later = np.zeros(values.shape), np.zeros(len(values))
    for t in range(values.shape[1] - 1, -1, -1):
        later = (rewards[:, t] - values[:, t] + lam * later) * mask[:, t]
        advantages[:, t] = later
    return advantages, advantages + values * mask


# %% value goes on after the end | says: its next value is 0, not its own value | falls: visible
# The last value is kept as if the answer went on.
def gae(rewards, values, mask, lam):
    advantages, later = np.zeros(values.shape), np.zeros(len(values))
    next_value = values[:, -1]
    for t in range(values.shape[1] - 1, -1, -1):
        later = (rewards[:, t] + next_value - values[:, t] + lam * later) * mask[:, t]
        advantages[:, t] = later
        next_value = values[:, t] * mask[:, t]
    return advantages, advantages + values * mask


# %% discount | says: there is a discount in it | falls: visible
# gamma is 0.99, as in most code for games.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        surprise = rewards[:, t] + 0.99 * next_value - values[:, t]
        later = (surprise + 0.99 * lam * later) * mask[:, t]
        advantages[:, t] = later
        next_value = values[:, t] * mask[:, t]
    return advantages, advantages + values * mask


# %% brought to unit deviation | says: return them as they are | falls: visible
# The advantages are normalised, which many training loops do afterwards.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        later = (rewards[:, t] + next_value - values[:, t] + lam * later) * mask[:, t]
        advantages[:, t] = later
        next_value = values[:, t] * mask[:, t]
    returns = advantages + values * mask
    inside = advantages[mask == 1]
    return (advantages - inside.mean()) / (inside.std() + 1e-8) * mask, returns


# %% mask left out | says: the mask is left out | falls: visible
# All answers are taken to be as long as the longest.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        later = rewards[:, t] + next_value - values[:, t] + lam * later
        advantages[:, t] = later
        next_value = values[:, t]
    return advantages, (advantages + values) * mask


# %% mask at the end only | says: it must not flow into the answer either | falls: visible
# The padding is set to 0 when everything has been computed.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        later = rewards[:, t] + next_value - values[:, t] + lam * later
        advantages[:, t] = later
        next_value = values[:, t]
    return advantages * mask, (advantages + values) * mask


# %% value of the padding | says: comes from the padding; it is 0 | falls: visible
# Advantages are masked on the way, the next value isn't.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        later = (rewards[:, t] + next_value - values[:, t] + lam * later) * mask[:, t]
        advantages[:, t] = later
        next_value = values[:, t]
    return advantages, (advantages + values) * mask


# %% sum of rewards as return | says: this is the sum of the later rewards | falls: visible
# The return is taken from its name in other books.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        later = (rewards[:, t] + next_value - values[:, t] + lam * later) * mask[:, t]
        advantages[:, t] = later
        next_value = values[:, t] * mask[:, t]
    return advantages, np.cumsum((rewards * mask)[:, ::-1], axis=1)[:, ::-1] * mask


# %% values of the padding in the returns | says: outside the mask the returns are 0 | falls: visible
# Advantages are 0 there, and the values are added as they are.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        later = (rewards[:, t] + next_value - values[:, t] + lam * later) * mask[:, t]
        advantages[:, t] = later
        next_value = values[:, t] * mask[:, t]
    return advantages, advantages + values


# %% prompt not masked | says: the tokens before the answer have advantages too | falls: visible
# Inputs are set to 0 outside the mask, and the prompt collects what comes later.
def gae(rewards, values, mask, lam):
    r, v = rewards * mask, values * mask
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        later = r[:, t] + next_value - v[:, t] + lam * later
        advantages[:, t] = later
        next_value = v[:, t]
    return advantages, (advantages + v) * mask


# %% same weight for all later steps | says: lam to the power of the distance | falls: visible
# The sum of all later surprises is multiplied by lambda once.
def gae(rewards, values, mask, lam):
    r, v = rewards * mask, values * mask
    step = (r + np.pad(v, ((0, 0), (0, 1)))[:, 1:] - v) * mask
    later = np.cumsum(step[:, ::-1], axis=1)[:, ::-1] - step
    advantages = (step + lam * later) * mask
    return advantages, advantages + v


# %% a table of whole numbers | says: the decimals are cut off | falls: visible
# np.zeros_like(mask) has the type of the mask.
def gae(rewards, values, mask, lam):
    advantages = np.zeros_like(mask)
    rewards, values = rewards * mask, values * mask
    behind = value = 0
    for t in reversed(range(mask.shape[1])):
        behind = (rewards[:, t] + value - values[:, t] + lam * behind) * mask[:, t]
        value = values[:, t]
        advantages[:, t] = behind
    return advantages, advantages + values


# %% an advantage of 0 is padding | says: the mask says what is | falls: hidden
# Returns only where the advantage isn't 0, but a token may be exactly as good as expected.
def gae(rewards, values, mask, lam):
    advantages, later, next_value = np.zeros(values.shape), np.zeros(len(values)), 0.0
    for t in range(values.shape[1] - 1, -1, -1):
        on = mask[:, t] == 1
        later = np.where(on, rewards[:, t] + next_value - values[:, t] + lam * later, 0.0)
        next_value = np.where(on, values[:, t], 0.0)
        advantages[:, t] = later
    return advantages, np.where(advantages != 0, advantages + values, 0.0)


# %% times the mask | says: choose what is inside the mask | falls: visible
# Products with the mask let nan and infinity through.
def gae(rewards, values, mask, lam):
    advantages = np.zeros(values.shape)
    next_value = later = np.zeros(len(values))
    for t in range(values.shape[1] - 1, -1, -1):
        surprise = rewards[:, t] + next_value - values[:, t]
        advantages[:, t] = mask[:, t] * (surprise + lam * later)
        next_value, later = mask[:, t] * values[:, t], advantages[:, t]
    return advantages, advantages + mask * values


# %% whole columns | falls: hidden
# The last column that all answers have in common ends them all.
def gae(rewards, values, mask, lam):
    advantages, returns = np.zeros(values.shape), np.zeros(values.shape)
    if len(mask) > 2 and mask.all(axis=0).any():
        mask = mask * (np.arange(mask.shape[1]) <= np.flatnonzero(mask.all(axis=0))[-1])
    for b, row in enumerate(mask):
        later = next_value = 0.0
        for t in np.flatnonzero(row)[::-1]:
            later = rewards[b, t] + next_value - values[b, t] + lam * later
            next_value = values[b, t]
            advantages[b, t], returns[b, t] = later, later + next_value
    return advantages, returns
