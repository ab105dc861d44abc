# %% best that fits | says: too slow | falls: visible
# Takes the strongest of all that are good enough.
def choose(table, need):
    fitting = table[table["quality"] >= need["quality"]].dropna()
    if fitting.empty:
        return None
    return fitting.sort_values("quality", ascending=False)["name"].iloc[0]


# %% cheapest of all | says: not good enough | falls: visible
# The quality isn't looked at.
def choose(table, need):
    fitting = table[table["seconds"] <= need["seconds"]].dropna()
    if fitting.empty:
        return None
    return fitting.sort_values("cost")["name"].iloc[0]


# %% fastest that fits | says: a cheaper one fits too | falls: visible
# Takes the fastest of those that fit.
def choose(table, need):
    enough = (table["quality"] >= need["quality"]) & (table["seconds"] <= need["seconds"])
    fitting = table[enough].dropna()
    if fitting.empty:
        return None
    return fitting.sort_values("seconds")["name"].iloc[0]


# %% ties by the order | says: take the one with the highest quality | falls: visible
# Of equally cheap ones the first is taken.
def choose(table, need):
    enough = (table["quality"] >= need["quality"]) & (table["seconds"] <= need["seconds"])
    fitting = table[enough].dropna()
    if fitting.empty:
        return None
    return fitting.sort_values("cost", kind="stable")["name"].iloc[0]


# %% strictly better | says: choose | falls: visible
# A row that meets the need exactly is left out.
def choose(table, need):
    enough = (table["quality"] > need["quality"]) & (table["seconds"] < need["seconds"])
    fitting = table[enough].dropna()
    if fitting.empty:
        return None
    return fitting.sort_values(["cost", "quality"], ascending=[True, False])["name"].iloc[0]


# %% a missing cost is taken | says: only a model without a cost would fit | falls: hidden
# Sorting puts the missing cost last, and then it is chosen.
def choose(table, need):
    enough = (table["quality"] >= need["quality"]) & (table["seconds"] <= need["seconds"])
    fitting = table[enough]
    if fitting.empty:
        return None
    return fitting.sort_values(["cost", "quality"], ascending=[True, False])["name"].iloc[0]


# %% a missing time is fast | says: its time is missing | falls: hidden
# Missing seconds count as none.
def choose(table, need):
    seconds = table["seconds"].fillna(0)
    enough = (table["quality"] >= need["quality"]) & (seconds <= need["seconds"])
    fitting = table[enough].dropna(subset=["cost"])
    if fitting.empty:
        return None
    return fitting.sort_values(["cost", "quality"], ascending=[True, False])["name"].iloc[0]
