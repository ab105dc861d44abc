# %% a loop
# Keeps the best so far, in plain Python.
def choose(table, need):
    best = None
    for row in table.to_dict("records"):
        if any(pd.isna(row[c]) for c in ("quality", "seconds", "cost")):
            continue
        if row["quality"] < need["quality"] or row["seconds"] > need["seconds"]:
            continue
        key = (row["cost"], -row["quality"])
        if best is None or key < best[0]:
            best = (key, row["name"])
    return best[1] if best else None
