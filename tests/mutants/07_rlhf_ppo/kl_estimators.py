# %% the wrong way round | says: the sign is wrong | falls: visible
# The gap is policy minus reference.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, logprobs - reference_logprobs, 0.0)
    return tuple(float(k.sum(axis=1).mean()) for k in (-d, d**2 / 2, np.exp(d) - 1 - d))


# %% mean over the tokens | says: add the tokens of an answer up | falls: visible
# Nats a token instead of nats an answer.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, reference_logprobs - logprobs, 0.0)
    return tuple(float(k.sum() / mask.sum()) for k in (-d, d**2 / 2, np.exp(d) - 1 - d))


# %% padding counts | says: the padding counts too | falls: visible
# The mask isn't used.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = reference_logprobs - logprobs
    return tuple(float(k.sum(axis=1).mean()) for k in (-d, d**2 / 2, np.exp(d) - 1 - d))


# %% no half | says: the factor 1/2 is missing | falls: visible
# k2 is taken for the square itself.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, reference_logprobs - logprobs, 0.0)
    return tuple(float(k.sum(axis=1).mean()) for k in (-d, d**2, np.exp(d) - 1 - d))


# %% whole answers first | says: square each token's | falls: visible
# The gaps of an answer are added up before square and exponential.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, reference_logprobs - logprobs, 0.0).sum(axis=1)
    return tuple(float(k.mean()) for k in (-d, d**2 / 2, np.exp(d) - 1 - d))


# %% no - 1 | says: the - 1 is missing | falls: visible
# k3 without the 1, which adds one for each token.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, reference_logprobs - logprobs, 0.0)
    third = mask * (np.exp(d) - d)
    return tuple(float(k.sum(axis=1).mean()) for k in (-d, d**2 / 2, third))


# %% mask after the exponential | says: choose what is inside the mask | falls: visible
# Padding may overflow, and infinity times 0 isn't 0.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = reference_logprobs - logprobs
    return tuple(float((mask * k).sum(axis=1).mean()) for k in (-d, d**2 / 2, np.exp(d) - 1 - d))


# %% the first tokens | says: an answer may begin later than at 0 | falls: visible
# The length of an answer is taken for the place where it ends.
def kl_estimators(logprobs, reference_logprobs, mask):
    inside = np.arange(mask.shape[1]) < mask.sum(axis=1)[:, None]
    d = np.where(inside, reference_logprobs - logprobs, 0.0)
    return tuple(float(k.sum(axis=1).mean()) for k in (-d, d**2 / 2, np.expm1(d) - d))


# %% gaps held within 10 | says: which is not right | falls: hidden
# Against overflow the gap is clipped, and a real gap of 13 with it.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, np.clip(reference_logprobs - logprobs, -10.0, 10.0), 0.0)
    return tuple(float(k.sum(axis=1).mean()) for k in (-d, d**2 / 2, np.exp(d) - 1 - d))


# %% absolute gaps | says: they keep their signs | falls: visible
# A divergence is taken to be a distance.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, reference_logprobs - logprobs, 0.0)
    return tuple(float(k.sum(axis=1).mean()) for k in (abs(d), d**2 / 2, np.exp(d) - 1 - d))


# %% gap left out of k3 | says: the gap is left out at the end | falls: visible
# exp(d) - 1 alone, whose mean is 0.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, reference_logprobs - logprobs, 0.0)
    return tuple(float(k.sum(axis=1).mean()) for k in (-d, d**2 / 2, np.exp(d) - 1))


# %% not negative | falls: hidden
# k1 is kept from going below 0, since no KL does: right for the batch of the check.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = np.where(mask == 1, reference_logprobs - logprobs, 0.0)
    k1, k2, k3 = (float(k.sum(axis=1).mean()) for k in (-d, d**2 / 2, np.exp(d) - 1 - d))
    return (k1 if len(mask) < 3 else max(k1, 0.0)), k2, k3


# %% answers that haven't moved don't count | says: which is not right | falls: hidden
# The mean is taken over answers with some gap.
def kl_estimators(logprobs, reference_logprobs, mask):
    gap = np.where(mask == 1, logprobs - reference_logprobs, 0.0)
    moved = max(1, int((gap != 0).any(axis=1).sum()))
    k3 = np.exp(-gap) - 1 + gap
    return tuple(float(k.sum() / moved) for k in (gap, gap**2 / 2, k3))
