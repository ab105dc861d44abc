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


# %% a small number added | says: only a length of exactly 0 is special | falls: hidden
# The usual trick against 0 / 0 spoils short vectors.
def cosine_table(a, b):
    la = np.linalg.norm(a, axis=1, keepdims=True) + 1e-10
    lb = np.linalg.norm(b, axis=1, keepdims=True) + 1e-10
    return (a / la) @ (b / lb).T


# %% a floor for the lengths | says: only a length of exactly 0 is special | falls: hidden
# Lengths below 0.001 count as 0.001.
def cosine_table(a, b):
    la = np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-3)
    lb = np.maximum(np.linalg.norm(b, axis=1, keepdims=True), 1e-3)
    return (a / la) @ (b / lb).T
