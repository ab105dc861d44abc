# %% plain Python
# Sorted pairs of cosine and number.
def search(query, documents, k):
    scored = []
    for number, row in enumerate(documents.tolist()):
        size = sum(x * x for x in row) ** 0.5
        if size > 0:
            product = sum(x * q for x, q in zip(row, query.tolist(), strict=True))
            scored.append((-product / size, number))
    return [number for _, number in sorted(scored)[:k]]


# %% the best again and again
# Takes the highest cosine that is left, k times.
def search(query, documents, k):
    sizes = np.sqrt((documents**2).sum(axis=1))
    left = {i: documents[i] @ query / sizes[i] for i in range(len(sizes)) if sizes[i]}
    found = []
    while left and len(found) < k:
        best = max(left, key=left.get)
        found.append(best)
        del left[best]
    return found


# %% lexsort over the rest
# Zero vectors are taken out first, the others brought to length 1; ties are broken by number.
def search(query, documents, k):
    kept = np.flatnonzero(np.any(documents != 0, axis=1))
    unit = documents[kept] / np.linalg.norm(documents[kept], axis=1, keepdims=True)
    cosines = np.einsum("nw,w->n", unit, query / np.linalg.norm(query))
    return kept[np.lexsort((kept, -cosines))][:k].tolist()


# %% distances of directions
# Of vectors of length 1 the nearest ones have the highest cosine.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    kept = [i for i, length in enumerate(lengths) if length > 0]
    aim = query / np.linalg.norm(query)
    far = {i: float(np.linalg.norm(documents[i] / lengths[i] - aim)) for i in kept}
    return sorted(kept, key=far.get)[:k]
