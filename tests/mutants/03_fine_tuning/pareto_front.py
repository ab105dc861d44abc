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
# Only who is faster and better beats.
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
