# %% explode, merge, group
# pandas alone: one row for each name in `called`, a left join, and groups.
def texts_by_label(api, cutoffs):
    wide = api[["name"]].assign(called=[called.split("; ") for called in api["called"]])
    wide = wide.explode("called")
    both = wide.merge(cutoffs[["name", "text_until"]], on="name", how="left")
    texts = both["text_until"].fillna("not found")
    return {
        label: sorted(texts[both["called"] == label].unique()) for label in both["called"].unique()
    }


# %% label by label
# Asks for each name again which models have it, and for each model which cut-offs.
def texts_by_label(api, cutoffs):
    rows = api.to_dict("records")
    ends = cutoffs.to_dict("records")
    answer = {}
    for label in {label for row in rows for label in row["called"].split("; ")}:
        texts = []
        for row in rows:
            if label in row["called"].split("; "):
                own = [end["text_until"] for end in ends if end["name"] == row["name"]]
                texts += own if own else ["not found"]
        answer[label] = sorted(dict.fromkeys(texts))
    return answer


# %% spoils its tables
# Writes into both frames and drops their rows, which costs nothing.
def texts_by_label(api, cutoffs):
    api["called"] = [called.split("; ") for called in api["called"]]
    groups = {}
    for name in list(api["name"]):
        mine = cutoffs["name"] == name
        found = list(cutoffs[mine]["text_until"]) or ["not found"]
        cutoffs.drop(cutoffs[mine].index, inplace=True)
        for label in api[api["name"] == name]["called"].iloc[0]:
            for text in found:
                if text not in groups.setdefault(label, []):
                    groups[label].append(text)
    for some in groups.values():
        some.sort()
    return groups
