# %% loops
# Collects the texts of each name in a dictionary of lists.
def join_cutoffs(api, cutoffs):
    texts = {}
    for row in cutoffs.to_dict("records"):
        texts.setdefault(row["name"], []).append(row["text_until"])
    rows = []
    for row in api.to_dict("records"):
        ends = texts.get(row["name"], ["not found"])
        rows.append(
            {"name": row["name"], "released": row["released"], "text_until": "; ".join(ends)}
        )
    return pd.DataFrame(rows)
