# %% parent only | says: this is the parent alone | falls: visible
# One step up.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    return [parent[name]] if parent[name] in parent else []


# %% end counted | says: 'none' isn't a model | falls: visible
# Whatever stands as parent is appended.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    line = []
    while name in parent:
        name = parent[name]
        line.append(name)
    return line


# %% oldest first | says: the nearest comes first | falls: visible
# The line is turned around.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    line = []
    while parent[name] in parent:
        name = parent[name]
        line.insert(0, name)
    return line


# %% two words end the line | says: a parent that has no row of its own isn't an ancestor | falls: hidden
# Only "none" and "not published" are looked for.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    line = []
    while name in parent and parent[name] not in ("none", "not published"):
        name = parent[name]
        line.append(name)
    return line


# %% three steps | says: this goes up three steps only | falls: hidden
# As many steps as the example has.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    line = []
    for _ in range(3):
        if parent[name] in parent:
            name = parent[name]
            line.append(name)
    return line
