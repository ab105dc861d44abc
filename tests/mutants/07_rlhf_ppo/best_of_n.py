# %% order of rewards | says: are in the order of their rewards | falls: visible
# The results aren't put back.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    p = probabilities[order]
    q = np.diff(np.concatenate([[0.0], np.cumsum(p)]) ** n)
    return q, float(np.sum(q[q > 0] * np.log(q[q > 0] / p[q > 0])))


# %% order of the list | says: the running sum goes in the given order | falls: visible
# Nothing is sorted.
def best_of_n(probabilities, rewards, n):
    p = probabilities
    q = np.diff(np.concatenate([[0.0], np.cumsum(p)]) ** n)
    return q, float(np.sum(q[q > 0] * np.log(q[q > 0] / p[q > 0])))


# %% worst of n | says: this keeps the worst answer | falls: visible
# Sorted from the highest reward down.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(-rewards)
    q = np.empty(len(order))
    q[order] = np.diff(np.concatenate([[0.0], np.cumsum(probabilities[order])]) ** n)
    some = q > 0
    return q, float(np.sum(q[some] * np.log(q[some] / probabilities[some])))


# %% drawn at all | says: how likely each answer is drawn at all | falls: visible
# That a better answer may be drawn beside it is forgotten.
def best_of_n(probabilities, rewards, n):
    q = 1 - (1 - probabilities) ** n
    return q, float(np.sum(q * np.log(q / probabilities)))


# %% the bound | says: the upper bound | falls: visible
# The formula of many papers stands in for the KL.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    q = np.empty(len(order))
    q[order] = np.diff(np.concatenate([[0.0], np.cumsum(probabilities[order])]) ** n)
    return q, float(np.log(n) - (n - 1) / n)


# %% KL the other way round | says: the other way round | falls: visible
# The policy's probabilities weigh the logarithms.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    q = np.empty(len(order))
    q[order] = np.diff(np.concatenate([[0.0], np.cumsum(probabilities[order])]) ** n)
    some = q > 0
    return q, float(np.sum(probabilities[some] * np.log(probabilities[some] / q[some])))


# %% put back by the wrong way | says: put back by the wrong way round | falls: visible
# q[order] on the right side: the same where an order is its own inverse.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    q = np.diff(np.concatenate([[0.0], np.cumsum(probabilities[order])]) ** n)[order]
    some = q > 0
    return q, float(np.sum(q[some] * np.log(q[some] / probabilities[some])))


# %% zero times infinity | says: leave answers with q = 0 out | falls: hidden
# A probability that is too small for the computer makes the whole sum nan.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    q = np.empty(len(order))
    q[order] = np.diff(np.concatenate([[0.0], np.cumsum(probabilities[order])]) ** n)
    return q, float(np.sum(q * np.log(q / probabilities)))


# %% best of two | says: take `n` | falls: hidden
# Two draws, as in the example.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    q = np.empty(len(order))
    q[order] = np.diff(np.concatenate([[0.0], np.cumsum(probabilities[order])]) ** 2)
    some = q > 0
    return q, float(np.sum(q[some] * np.log(q[some] / probabilities[some])))


# %% powers of the probabilities | says: take powers of their running sums | falls: visible
# Each probability to the power n, brought to the sum 1.
def best_of_n(probabilities, rewards, n):
    q = probabilities**n
    q = q / q.sum()
    return q, float(np.sum(q * np.log(q / probabilities)))


# %% running sums to the power n | says: the differences between them are missing | falls: visible
# How likely all draws are no better than an answer, for how likely it is the best one.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    q = np.empty(len(order))
    q[order] = np.cumsum(probabilities[order]) ** n
    return q, float(np.sum(q * np.log(q / probabilities)))


# %% bits | says: use the natural logarithm | falls: visible
# The logarithm to base 2.
def best_of_n(probabilities, rewards, n):
    order = np.argsort(rewards)
    q = np.empty(len(order))
    q[order] = np.diff(np.concatenate([[0.0], np.cumsum(probabilities[order])]) ** n)
    some = q > 0
    return q, float(np.sum(q[some] * np.log2(q[some] / probabilities[some])))
