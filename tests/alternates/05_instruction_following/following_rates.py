# %% roots of a quadratic
# Wilson's ends are where (p - t)^2 = z^2 t (1 - t) / n.
def following_rates(kinds, verdicts, z=1.96):
    yes, all_ = {}, {}
    for kind, verdict in zip(kinds, verdicts):
        if verdict is None:
            continue
        yes[kind] = yes.get(kind, 0) + int(bool(verdict))
        all_[kind] = all_.get(kind, 0) + 1
    rates = {}
    for kind, n in all_.items():
        p = yes[kind] / n
        a, b, c = 1 + z * z / n, -(2 * p + z * z / n), p * p
        root = np.sqrt(max(0.0, b * b - 4 * a * c))
        rates[kind] = (p, float((-b - root) / (2 * a)), float((-b + root) / (2 * a)))
    return rates
