# %% times the price | says: multiplies by beta | falls: visible
# The price multiplies the reward instead of dividing it.
def best_policy(reference, rewards, beta):
    weights = reference * np.exp(rewards * beta)
    policy = weights / weights.sum()
    return policy, float(policy @ rewards), float(policy @ np.log(policy / reference))


# %% without the reference | says: the reference model is missing | falls: visible
# A softmax of the rewards, as if all answers had been equally likely.
def best_policy(reference, rewards, beta):
    heights = rewards / beta
    weights = np.exp(heights - heights.max())
    policy = weights / weights.sum()
    said = policy > 0
    kl = policy[said] @ np.log(policy[said] / reference[said])
    return policy, float(policy @ rewards), float(kl)


# %% not brought to sum 1 | says: divide them by their sum | falls: visible
# Weights are taken for probabilities.
def best_policy(reference, rewards, beta):
    policy = reference * np.exp(rewards / beta)
    return policy, float(policy @ rewards), float(policy @ np.log(policy / reference))


# %% linear weights | says: grow with e to the power | falls: visible
# The reward itself is the weight.
def best_policy(reference, rewards, beta):
    weights = reference * rewards / beta
    policy = weights / weights.sum()
    some = policy > 0
    kl = policy[some] @ np.log(policy[some] / reference[some])
    return policy, float(policy @ rewards), float(kl)


# %% KL the other way round | says: the other way round | falls: visible
# The reference model weighs the logarithms.
def best_policy(reference, rewards, beta):
    heights = np.log(reference) + rewards / beta
    policy = np.exp(heights - heights.max())
    policy = policy / policy.sum()
    return policy, float(policy @ rewards), float(reference @ np.log(reference / policy))


# %% reward of the reference model | says: weigh by the policy | falls: visible
# The mean reward is what the reference model would have got.
def best_policy(reference, rewards, beta):
    heights = np.log(reference) + rewards / beta
    policy = np.exp(heights - heights.max())
    policy = policy / policy.sum()
    said = policy > 0
    kl = policy[said] @ np.log(policy[said] / reference[said])
    return policy, float(reference @ rewards), float(kl)


# %% the objective | says: the price of the KL is taken off | falls: visible
# What is made large is returned instead of the reward.
def best_policy(reference, rewards, beta):
    heights = np.log(reference) + rewards / beta
    policy = np.exp(heights - heights.max())
    policy = policy / policy.sum()
    said = policy > 0
    kl = float(policy[said] @ np.log(policy[said] / reference[said]))
    return policy, float(policy @ rewards) - beta * kl, kl


# %% overflow | says: the exponential overflows | falls: hidden
# Right by the formula, but e to the power of 1800 is infinite.
def best_policy(reference, rewards, beta):
    weights = reference * np.exp(rewards / beta)
    policy = weights / weights.sum()
    said = policy > 0
    kl = policy[said] @ np.log(policy[said] / reference[said])
    return policy, float(policy @ rewards), float(kl)


# %% zero times infinity | says: leave answers with policy 0 out | falls: hidden
# A probability that is too small for the computer makes the whole sum nan.
def best_policy(reference, rewards, beta):
    heights = np.log(reference) + rewards / beta
    policy = np.exp(heights - heights.max())
    policy = policy / policy.sum()
    return policy, float(policy @ rewards), float(policy @ np.log(policy / reference))


# %% the price of the example | says: take `beta` | falls: hidden
# 0.5 as in the check.
def best_policy(reference, rewards, beta):
    heights = np.log(reference) + rewards / 0.5
    policy = np.exp(heights - heights.max())
    policy = policy / policy.sum()
    said = policy > 0
    kl = policy[said] @ np.log(policy[said] / reference[said])
    return policy, float(policy @ rewards), float(kl)


# %% a little something in the logarithm | says: which is not right | falls: hidden
# A small number in both logarithms of the KL, so that tiny references count as larger.
def best_policy(reference, rewards, beta):
    heights = np.log(reference) + rewards / beta
    policy = np.exp(heights - heights.max())
    policy = policy / policy.sum()
    kl = policy @ (np.log(policy + 1e-12) - np.log(reference + 1e-12))
    return policy, float(policy @ rewards), float(kl)
