# %% masked places only
# The masked gaps in one row; sums over all answers divided by their number.
def kl_estimators(logprobs, reference_logprobs, mask):
    d = (reference_logprobs - logprobs)[mask == 1]
    k = np.array([-d, 0.5 * d * d, np.exp(d) - 1 - d])
    return tuple((k.sum(axis=1) / len(mask)).tolist())


# %% answer by answer
# Loops and the math module.
import math


def kl_estimators(logprobs, reference_logprobs, mask):
    totals = [0.0, 0.0, 0.0]
    for ours, theirs, inside in zip(logprobs.tolist(), reference_logprobs.tolist(), mask.tolist()):
        for a, b, m in zip(ours, theirs, inside):
            if m:
                totals[0] += a - b
                totals[1] += (a - b) ** 2 / 2
                totals[2] += math.exp(b - a) - 1 + (a - b)
    k1, k2, k3 = (t / len(mask) for t in totals)
    return k1, k2, k3


# %% gap in place
# The argument itself becomes the gap.
def kl_estimators(logprobs, reference_logprobs, mask):
    reference_logprobs -= logprobs
    reference_logprobs[mask == 0] = 0
    d = reference_logprobs
    answers = len(d)
    return -d.sum() / answers, np.square(d).sum() / 2 / answers, (np.expm1(d) - d).sum() / answers
