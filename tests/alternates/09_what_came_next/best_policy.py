# %% plain Python
# Answer by answer, with the logarithm of Z by hand.
import math


def best_policy(reference, rewards, beta):
    heights = [math.log(p) + r / beta for p, r in zip(reference, rewards)]
    top = max(heights)
    z = top + math.log(sum(math.exp(h - top) for h in heights))
    policy = [math.exp(h - z) for h in heights]
    mean = sum(p * r for p, r in zip(policy, rewards))
    # ln(policy / reference) is r / beta - z
    kl = sum(p * (r / beta - z) for p, r in zip(policy, rewards))
    return np.array(policy), mean, kl


# %% with scipy's softmax
# softmax, and the entropy of one distribution against the other.
from scipy.special import rel_entr, softmax


def best_policy(reference, rewards, beta):
    policy = softmax(np.log(reference) + np.asarray(rewards) / beta)
    return policy, np.dot(policy, rewards), rel_entr(policy, reference).sum()


# %% answer by answer
# Log-sum-exp over plain numbers, in place of arrays.
def best_policy(reference, rewards, beta):
    import math

    logs = [math.log(p) + r / beta for p, r in zip(reference.tolist(), rewards.tolist())]
    top = max(logs)
    total = top + math.log(math.fsum(math.exp(one - top) for one in logs))
    policy = [math.exp(one - total) for one in logs]
    reward = math.fsum(q * r for q, r in zip(policy, rewards.tolist()))
    kl = math.fsum(q * (math.log(q) - math.log(p)) for q, p in zip(policy, reference) if q > 0)
    return np.array(policy), reward, kl
