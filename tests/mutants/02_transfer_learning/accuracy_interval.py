# %% simple formula | says: this is the simple formula | falls: visible
# p ± z √(p (1 − p) / n).
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    half = z * np.sqrt(p * (1 - p) / n)
    share = np.unique(labels, return_counts=True)[1].max() / n
    return p, float(p - half), float(p + half), bool(p - half > share)


# %% not divided | says: divide middle and half width by 1 + z² / n | falls: visible
# The denominator is forgotten.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    share = np.unique(labels, return_counts=True)[1].max() / n
    return p, float(m - half), float(m + half), bool((m - half) / (1 + z * z / n) > share)


# %% accuracy against baseline | says: the lower end 0.490 is below it | falls: visible
# The accuracy is compared, not the lower end.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    share = np.unique(labels, return_counts=True)[1].max() / n
    return p, float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n)), p > share


# %% z is fixed | says: z is fixed at 1.96 | falls: hidden
# The argument isn't used.
def accuracy_interval(predicted, labels, z=1.96):
    z, n, p = 1.96, len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    return p, low, high, bool(low > np.unique(labels, return_counts=True)[1].max() / n)


# %% baseline of the answers | says: the share of the most frequent class among the labels | falls: hidden
# The most frequent answer is counted instead of the most frequent label.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    return p, low, high, bool(low > np.unique(predicted, return_counts=True)[1].max() / n)


# %% first class as baseline | says: the share of the most frequent class among the labels | falls: hidden
# The share of the class with the smallest number counts.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    return p, low, high, bool(low > np.mean(labels == labels.min()))
