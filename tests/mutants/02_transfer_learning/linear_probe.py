# %% no strength | says: the strength is missing | falls: visible
# Ordinary least squares.
def linear_probe(features, labels, classes, strength):
    y = np.eye(classes)[labels]
    x = features - features.mean(0)
    w = np.linalg.pinv(x) @ (y - y.mean(0))
    return w, y.mean(0) - features.mean(0) @ w


# %% not centred | says: subtract the mean of each column first | falls: visible
# The formula is used on the raw features.
def linear_probe(features, labels, classes, strength):
    y = np.eye(classes)[labels]
    left = features.T @ features + strength * np.eye(features.shape[1])
    w = np.linalg.solve(left, features.T @ y)
    return w, y.mean(0) - features.mean(0) @ w


# %% the bias pays too | says: the bias pays the price too | falls: visible
# A column of ones is added and treated like a feature.
def linear_probe(features, labels, classes, strength):
    x = np.hstack([features, np.ones((len(features), 1))])
    w = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ np.eye(classes)[labels])
    return w[:-1], w[-1]


# %% bias without features | says: subtract the mean feature times the weights | falls: visible
# The mean of the targets is taken for the bias.
def linear_probe(features, labels, classes, strength):
    y = np.eye(classes)[labels]
    x = features - features.mean(0)
    w = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - y.mean(0)))
    return w, y.mean(0)


# %% classes from the labels | says: the classes are counted from the labels | falls: visible
# A class without an example gets no column.
def linear_probe(features, labels, classes, strength):
    y = (labels[:, None] == np.unique(labels)).astype(float)
    x = features - features.mean(0)
    w = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - y.mean(0)))
    return w, y.mean(0) - features.mean(0) @ w


# %% one mean for all | says: each column has its own | falls: hidden
# The mean of the whole table is subtracted.
def linear_probe(features, labels, classes, strength):
    y = np.eye(classes)[labels]
    x = features - features.mean()
    w = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - y.mean(0)))
    return w, y.mean(0) - features.mean(0) @ w


# %% strength everywhere | says: on the diagonal only | falls: visible
# The strength is added to the whole matrix.
def linear_probe(features, labels, classes, strength):
    y = np.eye(classes)[labels]
    x = features - features.mean(0)
    w = np.linalg.solve(x.T @ x + strength, x.T @ (y - y.mean(0)))
    return w, y.mean(0) - features.mean(0) @ w


# %% standardised | says: only their mean is subtracted | falls: visible
# Each column is divided by its deviation.
def linear_probe(features, labels, classes, strength):
    y = np.eye(classes)[labels]
    x = (features - features.mean(0)) / np.maximum(features.std(0), 1e-9)
    w = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - y.mean(0)))
    return w, y.mean(0) - features.mean(0) @ w


# %% equal classes | says: take that of its targets | falls: hidden
# Every class is taken to be equally frequent.
def linear_probe(features, labels, classes, strength):
    y = np.eye(classes)[labels]
    x = features - features.mean(0)
    w = np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ (y - y.mean(0)))
    return w, 1 / classes - features.mean(0) @ w
