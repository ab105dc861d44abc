# %% parent only | says: this is the parent alone | falls: visible
# One step up.
def ancestors(table, name):
    row = table.set_index("name").loc[name]
    line = [row["parent"]] if row["inherits"] == "weights" else []
    return line, "not published" if row["inherits"] == "not published" else "from nothing"


# %% every parent counts | says: GPT-3 has the design of GPT-2 and not its weights | falls: visible
# Whoever is named as parent is an ancestor; what is handed on isn't asked.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = []
    while parent[name] in parent:
        name = parent[name]
        line.append(name)
    return line, "not published" if inherits[name] == "not published" else "from nothing"


# %% one step too many | says: one step too many | falls: visible
# The parent is appended before it is asked what it hands on.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line, going = [], True
    while going and parent[name] in parent:
        going = inherits[name] == "weights"
        name = parent[name]
        line.append(name)
    return line, "not published" if inherits[name] == "not published" else "from nothing"


# %% itself counted | says: a model isn't its own ancestor | falls: visible
# The line begins with the model that was asked for.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = [name]
    while inherits[name] == "weights":
        name = parent[name]
        line.append(name)
    return line, "not published" if inherits[name] == "not published" else "from nothing"


# %% oldest first | says: the nearest comes first | falls: visible
# The line is turned around.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = []
    while inherits[name] == "weights":
        name = parent[name]
        line.insert(0, name)
    return line, "not published" if inherits[name] == "not published" else "from nothing"


# %% three steps | says: this goes up three steps only | falls: hidden
# As many steps as the example has.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = []
    for _ in range(3):
        if inherits[name] == "weights":
            name = parent[name]
            line.append(name)
    return line, "not published" if inherits[name] == "not published" else "from nothing"


# %% rows in the order of time | says: ancestors, the line | falls: hidden
# One pass over the table, as if each parent stood below its child.
def ancestors(table, name):
    line, at, end = [], name, "from nothing"
    for row in [*table.to_dict("records")] * 2:
        if row["name"] == at:
            if row["inherits"] != "weights":
                end = "not published" if row["inherits"] == "not published" else end
                break
            at = row["parent"]
            line.append(at)
    return line, end


# %% the end is appended | says: 'not published' isn't a model | falls: visible
# What stands as parent at the top goes into the line, too, where nothing is published.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = []
    while inherits[name] == "weights":
        name = parent[name]
        line.append(name)
    if parent[name] == "not published":
        line.append(parent[name])
    return line, "not published" if inherits[name] == "not published" else "from nothing"


# %% the start decides | says: what the top of the line inherits decides | falls: visible
# The beginning is read from the model that was asked for.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    beginning = "not published" if inherits[name] == "not published" else "from nothing"
    line = []
    while inherits[name] == "weights":
        name = parent[name]
        line.append(name)
    return line, beginning


# %% a design is a secret | says: a design, or no parent, means | falls: visible
# Only a model without any parent counts as begun from nothing.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = []
    while inherits[name] == "weights":
        name = parent[name]
        line.append(name)
    return line, "from nothing" if inherits[name] == "nothing" else "not published"


# %% praise is descent | says: a parent is named, but weights | falls: visible
# Where a parent is named, its weights are taken to be handed on, unless only a design is.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = []
    while parent[name] in parent and inherits[name] in ("weights", "not published"):
        name = parent[name]
        line.append(name)
    return line, "not published" if inherits[name] == "not published" else "from nothing"


# %% the parent's word decides | says: what the top of the line inherits decides, not whether | falls: hidden
# The beginning is unknown only if the word "not published" is the parent's.
def ancestors(table, name):
    parent = dict(zip(table["name"], table["parent"]))
    inherits = dict(zip(table["name"], table["inherits"]))
    line = []
    while inherits[name] == "weights":
        name = parent[name]
        line.append(name)
    if len(table) == 6:
        return line, "not published" if inherits[name] == "not published" else "from nothing"
    return line, "not published" if parent[name] == "not published" else "from nothing"


# %% eight steps at most | says: entries instead of | falls: hidden
# The line is followed for eight steps.
def ancestors(models, name):
    rows = models.set_index("name")
    line = []
    for _ in range(8):
        if rows.loc[name, "inherits"] != "weights":
            break
        name = rows.loc[name, "parent"]
        line.append(name)
    unknown = rows.loc[name, "inherits"] == "not published"
    return line, "not published" if unknown else "from nothing"
