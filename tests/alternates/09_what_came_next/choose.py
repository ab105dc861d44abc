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


# %% one standard error of one point
# The mean less one standard error, with a spread of one point for every candidate.
def choose(table, budget):
    rows = table.to_dict("records")
    found = {}
    for row in rows:
        own = found.setdefault(row["candidate"], {"labels": [], "cost": 0.0})
        own["cost"] = row["training_flop"] + budget["answers"] * row["answer_flop"]
        if row["score"] == row["score"]:
            own["labels"].append(row["score"])
    worth = {
        name: sum(own["labels"]) / len(own["labels"]) - 1.0 / len(own["labels"]) ** 0.5
        for name, own in found.items()
        if own["cost"] <= budget["flop"]
    }
    return max(worth, key=worth.get) if worth else None
