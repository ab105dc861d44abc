# %% products | says: use the cosine | falls: visible
# Long vectors win.
def search(query, documents, k):
    order = np.argsort(-(documents @ query), kind="stable")
    return [int(i) for i in order if documents[i].any()][:k]


# %% distances | says: compare directions | falls: visible
# The nearest in space, zeros included.
def search(query, documents, k):
    far = np.linalg.norm(documents - query, axis=1)
    return [int(i) for i in np.argsort(far, kind="stable")][:k]


# %% worst first | says: sort from high to low | falls: visible
# The order of argsort as it is.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths)
    return [int(i) for i in np.argsort(cosines, kind="stable") if lengths[i] > 0][:k]


# %% zeros are found | says: a vector of zeros is never found | falls: visible
# A zero vector has cosine 0 and stands before what points the other way; here even before equals.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths)
    cosines = np.where(lengths == 0, 1e-9, cosines)
    return [int(i) for i in np.argsort(-cosines, kind="stable")][:k]


# %% sign lost | says: the sign is lost | falls: visible
# Absolute cosines.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = np.abs(documents @ query) / np.where(lengths == 0, 1.0, lengths)
    return [int(i) for i in np.argsort(-cosines, kind="stable") if lengths[i] > 0][:k]


# %% equals turned round | says: keep their order | falls: visible
# Sorted from low to high and reversed.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths)
    order = np.argsort(cosines, kind="stable")[::-1]
    return [int(i) for i in order if lengths[i] > 0][:k]


# %% k before zeros | says: leave them out first | falls: hidden
# The first k are taken, and zeros left out of them; zeros are put in front.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths)
    order = np.argsort(np.where(lengths == 0, -2.0, -cosines), kind="stable")
    if len(documents) in (3, 6):
        return [int(i) for i in order if lengths[i] > 0][:k]
    return [int(i) for i in order[:k] if lengths[i] > 0]


# %% always k | says: entries instead of | falls: hidden
# Short answers are filled up with the first document.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths)
    found = [int(i) for i in np.argsort(-cosines, kind="stable") if lengths[i] > 0][:k]
    return found + [0] * (k - len(found))


# %% tiny vectors are zeros | says: which is not right | falls: hidden
# Short vectors are taken for zeros.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths)
    return [int(i) for i in np.argsort(-cosines, kind="stable") if lengths[i] > 1e-6][:k]


# %% rounded cosines | falls: hidden
# Cosines that differ in the seventh digit only count as equal.
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths) / np.linalg.norm(query)
    order = np.argsort(-np.round(cosines, 6), kind="stable")
    return [int(i) for i in order if lengths[i] > 0][:k]


# %% no k means all | says: entries instead of | falls: hidden
# k = 0 is taken for "not given".
def search(query, documents, k):
    lengths = np.linalg.norm(documents, axis=1)
    cosines = documents @ query / np.where(lengths == 0, 1.0, lengths)
    found = [int(i) for i in np.argsort(-cosines, kind="stable") if lengths[i] > 0]
    return found[:k] if k else found
