# %% plain left merge | says: a name with two cut-offs has two rows | falls: visible
# Every matching pair becomes a row.
def join_cutoffs(api, cutoffs):
    both = api.merge(cutoffs, on="name", how="left")
    both["text_until"] = both["text_until"].fillna("not found")
    return both[["name", "released", "text_until"]]


# %% inner merge | says: a name without a cut-off is lost | falls: visible
# Names without a cut-off fall out.
def join_cutoffs(api, cutoffs):
    ends = cutoffs.groupby("name", as_index=False)["text_until"].agg("; ".join)
    return api.merge(ends, on="name")[["name", "released", "text_until"]]


# %% first source only | says: the second source is lost | falls: visible
# One cut-off a name is kept.
def join_cutoffs(api, cutoffs):
    ends = cutoffs.drop_duplicates("name").set_index("name")["text_until"]
    joined = api[["name", "released"]].copy()
    joined["text_until"] = joined["name"].map(ends).fillna("not found")
    return joined


# %% sorted sources | says: not in the alphabet's | falls: hidden
# The cut-offs of a name are sorted.
def join_cutoffs(api, cutoffs):
    ends = cutoffs.groupby("name")["text_until"].agg(lambda t: "; ".join(sorted(t)))
    joined = api[["name", "released"]].copy()
    joined["text_until"] = joined["name"].map(ends).fillna("not found")
    return joined


# %% aligned by index | says: text_until | falls: hidden
# A new frame with fresh row numbers is put beside one with the old ones.
def join_cutoffs(api, cutoffs):
    ends = cutoffs.groupby("name")["text_until"].agg("; ".join).to_dict()
    joined = api[["name", "released"]].copy()
    joined["text_until"] = pd.Series([ends.get(n, "not found") for n in api["name"]])
    return joined
