# %% the highest proxy | says: the proxy lies | falls: visible
# The reward model is taken for the labeler.
def choose(table, budget):
    chosen, best = None, -np.inf
    for name, rows in table.groupby("candidate"):
        first = rows.iloc[0]
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        if cost <= budget["flop"] and rows["reward"].mean() > best:
            chosen, best = name, rows["reward"].mean()
    return chosen


# %% the smallest KL | says: A small KL alone is no merit | falls: visible
# Who never leaves home makes no mistakes.
def choose(table, budget):
    chosen, best = None, np.inf
    for name, rows in table.groupby("candidate"):
        first = rows.iloc[0]
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        kl = (rows["logprob"] - rows["reference_logprob"]).mean()
        if cost <= budget["flop"] and kl < best:
            chosen, best = name, kl
    return chosen


# %% no budget | says: 500 answers of best of 8 cost 8,000 | falls: visible
# The best by labels, whatever it costs.
def choose(table, budget):
    scores = table.groupby("candidate")["score"]
    return (scores.mean() - 2 / np.sqrt(scores.count())).idxmax()


# %% training only | says: 500 answers of best of 8 cost 8,000 | falls: visible
# Answers are taken to be free.
def choose(table, budget):
    paid = table[table["training_flop"] <= budget["flop"]]
    if len(paid) == 0:
        return None
    scores = paid.groupby("candidate")["score"]
    return (scores.mean() - 2 / np.sqrt(scores.count())).idxmax()


# %% the best that can't be paid | says: none can be paid | falls: visible
# Where nothing can be paid the cheapest is taken.
def choose(table, budget):
    cost = table["training_flop"] + budget["answers"] * table["answer_flop"]
    paid = table[cost <= max(budget["flop"], cost.min())]
    scores = paid.groupby("candidate")["score"]
    return (scores.mean() - 2 / np.sqrt(scores.count())).idxmax()


# %% a cost equal to the budget | says: a cost equal to the budget can be paid | falls: visible | inputs: same
# Strictly less than the budget.
def choose(table, budget):
    cost = table["training_flop"] + budget["answers"] * table["answer_flop"]
    paid = table[cost < budget["flop"]]
    if len(paid) == 0:
        return None
    scores = paid.groupby("candidate")["score"]
    return (scores.mean() - 2 / np.sqrt(scores.count())).idxmax()


# %% most labels win | says: Care isn't the same | falls: visible | inputs: same
# Trust is all that counts.
def choose(table, budget):
    cost = table["training_flop"] + budget["answers"] * table["answer_flop"]
    paid = table[cost <= budget["flop"]]
    if len(paid) == 0:
        return None
    scores = paid.groupby("candidate")["score"]
    return (scores.count() + scores.mean() / 100).idxmax()


# %% the labels as they are | says: one label of 'late' is high | falls: visible | inputs: same
# The mean of few labels is believed as much as that of many.
def choose(table, budget):
    cost = table["training_flop"] + budget["answers"] * table["answer_flop"]
    paid = table[cost <= budget["flop"]]
    return paid.groupby("candidate")["score"].mean().idxmax() if len(paid) else None


# %% two labels are enough | says: latecomers | falls: hidden | inputs: same
# Candidates with a single label are left out, those with two are believed.
def choose(table, budget):
    cost = table["training_flop"] + budget["answers"] * table["answer_flop"]
    paid = table[cost <= budget["flop"]]
    scores = paid.groupby("candidate")["score"]
    means = scores.mean()[scores.count() >= 2]
    return means.idxmax() if len(means) else None


# %% each one's own spread | says: latecomers | falls: hidden | inputs: same
# The spread of two labels is taken from these two: where they agree by chance nothing is doubted.
def choose(table, budget):
    chosen, best = None, -np.inf
    for name, rows in table.groupby("candidate"):
        first, labels = rows.iloc[0], rows["score"].dropna()
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        spread = labels.std() if len(labels) > 1 else 2.0
        careful = labels.mean() - spread / np.sqrt(len(labels))
        if cost <= budget["flop"] and careful > best:
            chosen, best = name, careful
    return chosen


# %% far is good | says: another candidate that can be paid | falls: hidden
# Proxy, but only where a label is not too bad.
def choose(table, budget):
    chosen, best = None, -np.inf
    for name, rows in table.groupby("candidate"):
        first = rows.iloc[0]
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        if cost <= budget["flop"] and rows["score"].mean() > 0.25:
            value = rows["reward"].mean()
            if value > best:
                chosen, best = name, value
    return chosen


# %% the names of the recorded table | says: this candidate can't be paid | falls: hidden
# The names of the recorded table are written into the function.
def choose(table, budget):
    for name in ("PPO 0.1, 40 rounds", "PPO 0.1, 20 rounds", "best of 4", "priced", "steady",
                 "new", "best of 8", "tuned", "plain"):  # fmt: skip
        rows = table[table["candidate"] == name]
        if len(rows):
            first = rows.iloc[0]
            cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
            if cost <= budget["flop"]:
                return name
    return None


# %% near enough, then the proxy | says: the proxy lies there, too | falls: hidden | inputs: same
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


# %% a missing score is a zero | says: a missing score | falls: hidden | inputs: same
# nan is filled with 0 before the mean.
def choose(table, budget):
    best, chosen = -np.inf, None
    for name, rows in table.groupby("candidate"):
        first = rows.iloc[0]
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        count = rows["score"].count()
        value = rows["score"].fillna(0).mean() - 0.1 / np.sqrt(count)
        if cost <= budget["flop"] and value > best:
            best, chosen = value, name
    return chosen


# %% few labels are no labels | says: however few | falls: hidden | inputs: same
# Candidates with fewer than three labels are left out, even if nobody else can be paid.
def choose(table, budget):
    best, chosen = -np.inf, None
    for name, rows in table.groupby("candidate"):
        first = rows.iloc[0]
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        if cost > budget["flop"] or rows["score"].count() < 3:
            continue
        if rows["score"].mean() > best:
            best, chosen = rows["score"].mean(), name
    return chosen


# %% the cheapest that is nearly as good | says: worth nothing | falls: hidden | inputs: same
# Of those within a fifth of a point of the best the cheapest is taken.
def choose(table, budget):
    kept = {}
    for name, rows in table.groupby("candidate"):
        first = rows.iloc[0]
        cost = first["training_flop"] + budget["answers"] * first["answer_flop"]
        if cost <= budget["flop"]:
            kept[name] = (rows["score"].mean() - 2 / np.sqrt(rows["score"].count()), cost)
    if not kept:
        return None
    best = max(value for value, _ in kept.values())
    return min((cost, name) for name, (value, cost) in kept.items() if value > best - 0.2)[1]
