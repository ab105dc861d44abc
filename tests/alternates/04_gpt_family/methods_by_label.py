# %% a dictionary
# Counts in plain Python.
def methods_by_label(api):
    counts = {}
    for row in api.to_dict("records"):
        method = row["training"] if isinstance(row["training"], str) else "not published"
        for label in row["called"].split("; "):
            counts[label, method] = counts.get((label, method), 0) + 1
    keys = sorted(counts)
    return pd.DataFrame(
        {
            "called": [label for label, _ in keys],
            "training": [method for _, method in keys],
            "names": [counts[key] for key in keys],
        }
    )
