# %% over the KL itself | says: take its root | falls: visible
# Lines over KL instead of its root.
def at_equal_kl(frontiers, kl):
    scores = {}
    for name, points in frontiers.items():
        kls, heights = np.array(sorted(points)).T
        inside = kls[0] <= kl <= kls[-1]
        scores[name] = float(np.interp(kl, kls, heights)) if inside else None
    return scores


# %% not sorted | says: sort the points | falls: visible
# The points are taken in the order in which they come.
def at_equal_kl(frontiers, kl):
    scores = {}
    for name, points in frontiers.items():
        kls, heights = np.array(points).T
        inside = kls.min() <= kl <= kls.max()
        read = np.interp(np.sqrt(kl), np.sqrt(kls), heights)
        scores[name] = float(read) if inside else None
    return scores


# %% the nearest point | says: read between the points | falls: visible
# No reading between the points.
def at_equal_kl(frontiers, kl):
    scores = {}
    for name, points in frontiers.items():
        inside = min(points)[0] <= kl <= max(points)[0]
        near = min(points, key=lambda p: abs(np.sqrt(p[0]) - np.sqrt(kl)))
        scores[name] = float(near[1]) if inside else None
    return scores


# %% goes on flat | says: None | falls: visible
# np.interp's last score is taken for knowledge.
def at_equal_kl(frontiers, kl):
    scores = {}
    for name, points in frontiers.items():
        kls, heights = np.array(sorted(points)).T
        scores[name] = float(np.interp(np.sqrt(kl), np.sqrt(kls), heights))
    return scores


# %% left out | says: stays in the dictionary | falls: visible
# Methods that aren't known there are dropped.
def at_equal_kl(frontiers, kl):
    scores = {}
    for name, points in frontiers.items():
        kls, heights = np.array(sorted(points)).T
        if kls[0] <= kl <= kls[-1]:
            scores[name] = float(np.interp(np.sqrt(kl), np.sqrt(kls), heights))
    return scores


# %% flat before the first point | says: before the first | falls: hidden
# Only the far end is guarded.
def at_equal_kl(frontiers, kl):
    scores = {}
    for name, points in frontiers.items():
        kls, heights = np.array(sorted(points)).T
        read = np.interp(np.sqrt(kl), np.sqrt(kls), heights)
        scores[name] = float(read) if kl <= kls[-1] else None
    return scores


# %% the ends don't count | says: belong to the line | falls: hidden
# Strictly inside: the first and the last point are lost.
def at_equal_kl(frontiers, kl):
    scores = {}
    for name, points in frontiers.items():
        kls, heights = np.array(sorted(points)).T
        read = np.interp(np.sqrt(kl), np.sqrt(kls), heights)
        scores[name] = float(read) if kls[0] < kl < kls[-1] else None
    return scores
