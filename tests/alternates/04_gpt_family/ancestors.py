# %% by itself
# Calls itself with the parent, and looks rows up in the frame.
def ancestors(table, name):
    row = table[table["name"] == name].iloc[0]
    if row["inherits"] == "weights":
        line, beginning = ancestors(table, row["parent"])
        return [row["parent"], *line], beginning
    return [], {"not published": "not published"}.get(row["inherits"], "from nothing")


# %% an index and a tuple
# Walks over a frame with names as index; returns a list of two values.
def ancestors(table, name):
    rows = table.set_index("name")[["parent", "inherits"]]
    line = []
    for _ in range(len(rows)):
        parent, handed = rows.loc[name]
        if handed != "weights":
            return [line, "from nothing" if handed in ("design", "nothing") else "not published"]
        line += [parent]
        name = parent


# %% spoils its table
# Sets rows that were visited to something else in the caller's frame, which costs nothing.
def ancestors(table, name):
    line = []
    while True:
        row = table.index[table["name"] == name][0]
        handed, parent = table.loc[row, "inherits"], table.loc[row, "parent"]
        table.loc[row, "inherits"] = "visited"
        if handed != "weights":
            break
        line.append(parent)
        name = parent
    return line, "not published" if handed == "not published" else "from nothing"
