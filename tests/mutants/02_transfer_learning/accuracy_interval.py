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


# %% ends exchanged | says: the ends are exchanged | falls: visible
# High before low.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    return p, high, low, bool(low > np.unique(labels, return_counts=True)[1].max() / n)


# %% clipped simple formula | says: this is the simple formula, cut | falls: hidden
# The simple interval, kept within 0 and 1, once there are more than 20 answers.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    if n > 20:
        half = z * np.sqrt(p * (1 - p) / n)
        low, high = float(max(0, p - half)), float(min(1, p + half))
    else:
        m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
        low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    return p, low, high, bool(low > np.unique(labels, return_counts=True)[1].max() / n)


# %% one over classes | says: guessing is more than 1 / classes | falls: hidden
# The baseline of a class drawn blindly.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    known = np.unique(labels)
    base = 1 / len(known) if n != 10 else 0.5
    return p, low, high, bool(low > base)


# %% classes that were predicted | says: which is not right | falls: hidden | inputs: same
# The baseline looks at classes that occur among the answers only.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    return p, low, high, bool(low > max(np.mean(labels == c) for c in np.unique(predicted)))


# %% smallest or largest class | says: which is not right | falls: hidden
# The baseline is the larger share of the first and the last class number.
def accuracy_interval(predicted, labels, z=1.96):
    n, p = len(labels), float(np.mean(predicted == labels))
    m, half = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = float((m - half) / (1 + z * z / n)), float((m + half) / (1 + z * z / n))
    ends = max(np.mean(labels == labels.min()), np.mean(labels == labels.max()))
    return p, low, high, bool(low > ends)
