# %% enough labels, or not at all
# Who has fewer than six labels is left out, as long as somebody has more.
def choose(table, budget):
    cost = table["training_flop"] + budget["answers"] * table["answer_flop"]
    paid = table[cost <= budget["flop"]]
    if len(paid) == 0:
        return None
    scores = paid.groupby("candidate")["score"]
    means, counts = scores.mean(), scores.count()
    enough = counts >= min(6, counts.max())
    return means[enough].idxmax()


# %% drawn towards the middle
# Each mean is drawn towards that of all labels, the more the fewer labels there are.
def choose(table, budget):
    usual = table["score"].mean() - 0.2
    best = (None, -np.inf)
    for name in table["candidate"].unique():
        rows = table[table["candidate"] == name]
        cost = rows["training_flop"].iloc[0] + budget["answers"] * rows["answer_flop"].iloc[0]
        labels = [s for s in rows["score"].tolist() if s == s]
        value = (sum(labels) + 4 * usual) / (len(labels) + 4)
        if cost <= budget["flop"] and value > best[1]:
            best = (name, value)
    return best[0]


# %% proxy and labels
# The proxy of all answers, corrected by what it gets wrong on the labelled ones
# (prediction-powered inference), less one standard error for the luck in it.
def choose(table, budget):
    chosen, best = None, -np.inf
    for name, rows in table.groupby("candidate"):
        first = rows.iloc[0]
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        if cost > budget["flop"]:
            continue
        known = rows.dropna(subset=["score"])
        share = 0.5
        wrong = (known["score"] - share * known["reward"]).mean()
        value = share * rows["reward"].mean() + wrong - 1.0 / np.sqrt(len(known))
        if value > best:
            chosen, best = name, value
    return chosen


# %% near enough, then the proxy
# The proxy is believed where the reward model knows its way: within three nats of the SFT model.
def choose(table, budget):
    table = table.assign(
        kl=table["logprob"] - table["reference_logprob"],
        cost=table["training_flop"] + budget["answers"] * table["answer_flop"],
    )
    means = table.groupby("candidate").mean(numeric_only=True)
    paid = means[means["cost"] <= budget["flop"]]
    if len(paid) == 0:
        return None
    if table["score"].notna().all():
        return paid["score"].idxmax()
    near = paid[paid["kl"] < 3]
    return (near if len(near) else paid)["reward"].idxmax()
