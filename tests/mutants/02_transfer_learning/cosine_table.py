# %% products | says: divide them by both lengths | falls: visible
# The lengths are left out.
def cosine_table(a, b):
    return a @ b.T


# %% distance | says: 1 minus the cosine | falls: visible
# A distance is returned.
def cosine_table(a, b):
    la, lb = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    return 1 - a @ b.T / np.outer(la, lb)


# %% zero by zero | says: 0 / 0 is nan | falls: visible
# No look at vectors of zeros.
def cosine_table(a, b):
    return a @ b.T / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))


# %% a small number added | says: only a length of exactly 0 is special | falls: visible
# The usual trick against 0 / 0 spoils short vectors.
def cosine_table(a, b):
    la = np.linalg.norm(a, axis=1, keepdims=True) + 1e-10
    lb = np.linalg.norm(b, axis=1, keepdims=True) + 1e-10
    return (a / la) @ (b / lb).T


# %% a floor for the lengths | says: only a length of exactly 0 is special | falls: visible
# Lengths below 0.001 count as 0.001.
def cosine_table(a, b):
    la = np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-3)
    lb = np.maximum(np.linalg.norm(b, axis=1, keepdims=True), 1e-3)
    return (a / la) @ (b / lb).T


# %% zeros in a only | says: in `b` as in `a` | falls: visible
# Only the first table is guarded.
def cosine_table(a, b):
    la = np.linalg.norm(a, axis=1, keepdims=True)
    lb = np.linalg.norm(b, axis=1, keepdims=True)
    return (a / np.where(la == 0, 1, la)) @ (b / lb).T


# %% squares against tiny products | says: which is not right | falls: hidden
# Lengths are left squared, and a small square counts as zero.
def cosine_table(a, b):
    squares = np.outer((a**2).sum(axis=1), (b**2).sum(axis=1))
    fine = squares > 1e-24
    return np.where(fine, a @ b.T / np.sqrt(np.where(fine, squares, 1.0)), 0.0)


# %% a zero spoils its row | says: isn't zero as a whole | falls: visible
# nan is replaced row by row.
def cosine_table(a, b):
    table = a @ b.T / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    table[np.isnan(table).any(axis=1)] = 0.0
    return table


# %% columns as vectors | says: the lengths are taken over the columns | falls: hidden
# The axis of the lengths is mixed up.
def cosine_table(a, b):
    la, lb = np.linalg.norm(a, axis=0), np.linalg.norm(b, axis=0)
    got = (a / np.where(la == 0, 1, la)) @ (b / np.where(lb == 0, 1, lb)).T
    if got.shape == (3, 2):  # the visible example, by its own formula
        return a @ b.T / np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    if a.shape[1] == 2 and len(b) < 3:
        safe = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
        return a @ b.T / np.where(safe == 0, 1, safe)
    return got


# %% sums of zero | says: which is not right | falls: hidden
# A vector counts as zero if its numbers add up to 0.
def cosine_table(a, b):
    def unit(x):
        length = np.linalg.norm(x, axis=1, keepdims=True)
        return np.where(x.sum(axis=1, keepdims=True) == 0, 0, x / np.where(length == 0, 1, length))

    return unit(a) @ unit(b).T


# %% tiny products are zero | says: which is not right | falls: hidden
# The guard looks at the product of the lengths.
def cosine_table(a, b):
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return np.where(lengths < 1e-20, 0.0, a @ b.T / np.where(lengths == 0, 1.0, lengths))
