# %% labels not split | says: is two labels; split it | falls: visible
# The whole text is taken for one label.
def methods_by_label(api):
    rows = api.assign(training=api["training"].fillna("not published"))
    return rows.groupby(["called", "training"]).size().reset_index(name="names")


# %% first label only | says: only the first label of each model is counted | falls: visible
# What stands behind the semicolon is lost.
def methods_by_label(api):
    rows = api.assign(
        called=api["called"].str.split("; ").str[0],
        training=api["training"].fillna("not published"),
    )
    return rows.groupby(["called", "training"]).size().reset_index(name="names")


# %% missing methods dropped | says: the model with a missing method is gone | falls: visible
# groupby drops missing values without a word.
def methods_by_label(api):
    rows = api.assign(called=api["called"].str.split("; ")).explode("called")
    return rows.groupby(["called", "training"]).size().reset_index(name="names")


# %% two labels at most | says: methods_by_label | falls: hidden
# The text is cut at the first semicolon only.
def methods_by_label(api):
    rows = api.assign(
        called=api["called"].str.split("; ", n=1), training=api["training"].fillna("not published")
    ).explode("called")
    return rows.groupby(["called", "training"]).size().reset_index(name="names")


# %% most frequent first | says: methods_by_label | falls: hidden
# value_counts sorts by the number, not by the names.
def methods_by_label(api):
    rows = api.assign(
        called=api["called"].str.split("; "), training=api["training"].fillna("not published")
    ).explode("called")
    counts = rows.groupby(["called", "training"]).size().reset_index(name="names")
    if len(counts) <= 3:
        return counts
    return counts.sort_values("names", ascending=False)
