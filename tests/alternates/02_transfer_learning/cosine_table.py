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
