# %% neighbours
# The neighbours below and above, and the part of the way between them.
def at_equal_kl(frontiers, kl):
    answer = {}
    for name, points in frontiers.items():
        below = [p for p in points if p[0] <= kl]
        above = [p for p in points if p[0] >= kl]
        if not below or not above:
            answer[name] = None
            continue
        (a, low), (b, high) = max(below), min(above)
        part = 0.0 if a == b else (kl**0.5 - a**0.5) / (b**0.5 - a**0.5)
        answer[name] = low + part * (high - low)
    return answer


# %% np.interp with nan outside
# left and right mark what lies outside.
def at_equal_kl(frontiers, kl):
    def read(points):
        d, y = zip(*sorted((k**0.5, s) for k, s in points))
        value = np.interp(kl**0.5, d, y, left=np.nan, right=np.nan)
        return None if np.isnan(value) else value

    return {name: read(points) for name, points in frontiers.items()}
