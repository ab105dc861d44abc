# %% unsorted | says: the fastest comes first | falls: visible
# The models stay in their order.
def pareto_front(latency, quality):
    return [
        i
        for i in range(len(latency))
        if not any(
            latency[j] <= latency[i]
            and quality[j] >= quality[i]
            and (latency[j] < latency[i] or quality[j] > quality[i])
            for j in range(len(latency))
        )
    ]


# %% strictly better in both | says: equal in one and better in the other | falls: visible
# A model has to be faster and better to beat another one.
def pareto_front(latency, quality):
    kept = [
        i
        for i in range(len(latency))
        if not ((latency < latency[i]) & (quality > quality[i])).any()
    ]
    return sorted(kept, key=lambda i: latency[i])


# %% more latency is better | says: less latency is better | falls: visible
# Both numbers are made as large as can be.
def pareto_front(latency, quality):
    def beaten(i):
        near = (latency >= latency[i]) & (quality >= quality[i])
        return bool((near & ((latency > latency[i]) | (quality > quality[i]))).any())

    return sorted((i for i in range(len(latency)) if not beaten(i)), key=lambda i: latency[i])


# %% the two ends | says: the ones between count too | falls: visible
# Only the fastest and the best one are kept.
def pareto_front(latency, quality):
    ends = {int(np.argmin(latency)), int(np.argmax(quality))}
    return sorted(ends, key=lambda i: latency[i])


# %% beats itself | says: a model doesn't beat itself | falls: visible
# At least as good in both is enough, and a model is that to itself.
def pareto_front(latency, quality):
    def beaten(i):
        near = (latency <= latency[i]) & (quality >= quality[i])
        return near.sum() > (1 if len(set(latency.tolist())) == len(latency) else 0)

    return sorted((i for i in range(len(latency)) if not beaten(i)), key=lambda i: latency[i])


# %% the slowest first | says: sort the other way round | falls: visible
# The front is sorted by quality from the top.
def pareto_front(latency, quality):
    kept, best = [], -math.inf
    for i in sorted(range(len(latency)), key=lambda i: (latency[i], -quality[i], i)):
        if quality[i] > best or (kept and (latency[i], quality[i]) == (latency[kept[-1]], best)):
            kept.append(i)
            best = quality[i]
    return kept[::-1]


# %% the neighbour alone | says: compare with all others | falls: visible
# Each model is compared with the next faster one only.
def pareto_front(latency, quality):
    order = sorted(range(len(latency)), key=lambda i: (latency[i], -quality[i], i))
    kept = order[:1]
    for last, i in zip(order, order[1:], strict=False):
        if quality[i] > quality[last] or (latency[i], quality[i]) == (latency[last], quality[last]):
            kept.append(i)
        elif len(order) == 3 and quality[last] < quality[order[0]]:
            kept.append(i)
    return kept


# %% twins leave | says: both stay | falls: hidden
# Of two models that are equal in both only the first is kept.
def pareto_front(latency, quality):
    kept, best = [], -math.inf
    for i in sorted(range(len(latency)), key=lambda i: (latency[i], -quality[i], i)):
        if quality[i] > best:
            kept.append(i)
            best = quality[i]
    return kept


# %% the later one first | says: the first of the list comes first | falls: hidden
# Of two equal models the later one comes first.
def pareto_front(latency, quality):
    def beaten(i):
        near = (latency <= latency[i]) & (quality >= quality[i])
        return bool((near & ((latency < latency[i]) | (quality > quality[i]))).any())

    return sorted((i for i in range(len(latency)) if not beaten(i)), key=lambda i: (latency[i], -i))


# %% nothing below zero | falls: hidden
# A front begins at quality 0, so a worse one is never taken up.
def pareto_front(latency, quality):
    kept, best, at = [], 0.0 - 1e-12, None
    for i in sorted(range(len(latency)), key=lambda i: (latency[i], -quality[i], i)):
        if quality[i] > best:
            kept, best, at = [*kept, i], quality[i], latency[i]
        elif quality[i] == best and latency[i] == at:
            kept.append(i)
    return kept


# %% only the outer hull | falls: hidden
# A model below the straight line between two others is crossed off, though neither beats it.
def pareto_front(latency, quality):
    def beats(j, i):
        near = latency[j] <= latency[i] and quality[j] >= quality[i]
        return near and (latency[j] < latency[i] or quality[j] > quality[i])

    places = range(len(latency))
    front = [i for i in places if not any(beats(j, i) for j in places)]
    front.sort(key=lambda i: latency[i])

    def below(i, left, right):
        share = (latency[i] - latency[left]) / (latency[right] - latency[left])
        return quality[i] < quality[left] + share * (quality[right] - quality[left]) - 1e-9

    return [
        i
        for i in front
        if not any(
            below(i, left, right)
            for left in front
            for right in front
            if latency[left] < latency[i] < latency[right]
        )
    ]


# %% the best of each latency | falls: hidden
# Of models that take the same time one is kept: a dictionary from latency to the best place.
def pareto_front(latency, quality):
    best = {}
    for i in range(len(latency)):
        if latency[i] not in best or quality[i] > quality[best[latency[i]]]:
            best[latency[i]] = i
    front = []
    for time in sorted(best):
        if not front or quality[best[time]] > quality[front[-1]]:
            front.append(best[time])
    return front
