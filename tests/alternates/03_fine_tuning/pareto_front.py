# %% a sweep
# Goes from fast to slow and keeps what is better than everything before.
def pareto_front(latency, quality):
    front, best, at = [], -np.inf, None
    for i in np.lexsort((np.arange(len(latency)), -np.asarray(quality), latency)):
        if quality[i] > best or (quality[i] == best and latency[i] == at):
            front.append(int(i))
            best, at = quality[i], latency[i]
    return front
