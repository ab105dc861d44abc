# %% one by one
# Two loops and the formula.
def cosine_table(a, b):
    table = np.zeros((len(a), len(b)))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            lengths = np.sqrt(np.sum(x**2)) * np.sqrt(np.sum(y**2))
            table[i, j] = np.dot(x, y) / lengths if lengths > 0 else 0.0
    return table


# %% outer product of lengths
# Divides where there is something to divide by.
def cosine_table(a, b):
    lengths = np.outer(np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1))
    return np.divide(a @ b.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)


# %% hypot and einsum
# The largest entry is taken out first, so that squares can't vanish.
def cosine_table(a, b):
    def unit(vectors):
        top = np.abs(vectors).max(axis=1, keepdims=True)
        scaled = vectors / np.where(top == 0, 1.0, top)
        squares = (scaled**2).sum(axis=1, keepdims=True)
        return scaled / np.sqrt(np.where(squares == 0, 1.0, squares))

    return np.einsum("iw,jw->ij", unit(a), unit(b))
