# %% who leads up to it
# Goes up from every model and keeps those that pass the name.
def descendants(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    found = []
    for start in parent:
        at = parent[start]
        while at in parent and at != name:
            at = parent[at]
        if at == name:
            found.append(start)
    return sorted(found)
