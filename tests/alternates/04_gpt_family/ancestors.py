# %% by itself
# Calls itself with the parent, and looks rows up in the frame.
def ancestors(table, name):
    above = table.loc[table["name"] == name, "parent"].iloc[0]
    if not (table["name"] == above).any():
        return []
    return [above, *ancestors(table, above)]
