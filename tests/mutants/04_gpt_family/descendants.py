# %% children only | says: their children belong to it too | falls: visible
# One generation.
def descendants(table, name):
    return sorted(table.loc[table["parent"] == name, "name"])


# %% itself counted | says: a model isn't its own descendant | falls: visible
# The start is in the answer.
def descendants(table, name):
    found, waiting = [name], [name]
    while waiting:
        children = table.loc[table["parent"] == waiting.pop(), "name"].tolist()
        found += children
        waiting += children
    return sorted(found)


# %% two generations | says: children and grandchildren; go on until nobody is left | falls: hidden
# Children and their children, as in the example.
def descendants(table, name):
    children = table.loc[table["parent"] == name, "name"].tolist()
    grandchildren = table.loc[table["parent"].isin(children), "name"].tolist()
    return sorted(children + grandchildren)


# %% one pass over the rows | says: descendants | falls: hidden
# Goes through the table once, so a child that stands above its parent is missed.
def descendants(table, name):
    found = table.loc[table["parent"] == name, "name"].tolist()
    for row in table.to_dict("records"):
        if row["parent"] in found and row["name"] not in found:
            found.append(row["name"])
    return sorted(found)
