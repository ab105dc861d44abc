# %% from below
# Begins with the embeddings and climbs.
def layer_rates(names, rate, decay):
    number = {n: int(m[1]) for n in names if (m := re.match(r"transformer\.h\.(\d+)\.", n))}
    steps = 2 + max(number.values())
    lowest = rate * decay**steps
    height = {n: 1 + b for n, b in number.items()}
    height |= {n: steps for n in names if re.match(r"lm_head\.|transformer\.ln_f\.", n)}
    return {n: np.float64(lowest / decay ** height.get(n, 0)) for n in names}
