# %% z forgotten | says: z is missing | falls: visible
# The ± is taken for one standard error.
def comparisons_behind(table, z):
    p, e = table["percent"] / 100, table["error"] / 100
    return pd.DataFrame(
        {
            "what": table["what"],
            "comparisons": np.ceil(p * (1 - p) / e**2),
            "for_one_point": np.ceil(p * (1 - p) / 0.01**2),
        }
    )


# %% to the nearest | says: round up, not to the nearest | falls: visible
# The number is rounded to the nearest one.
def comparisons_behind(table, z):
    p, e = table["percent"] / 100, table["error"] / 100
    return pd.DataFrame(
        {
            "what": table["what"],
            "comparisons": np.round(z**2 * p * (1 - p) / e**2),
            "for_one_point": np.round(z**2 * p * (1 - p) / 0.01**2),
        }
    )


# %% whole width | says: it isn't the whole width | falls: visible
# The ± is halved first.
def comparisons_behind(table, z):
    p, e = table["percent"] / 100, table["error"] / 100
    return pd.DataFrame(
        {
            "what": table["what"],
            "comparisons": np.ceil(z**2 * p * (1 - p) / (e / 2) ** 2),
            "for_one_point": np.ceil(z**2 * p * (1 - p) / 0.01**2),
        }
    )


# %% always 1.96 | says: z comes in as an argument | falls: hidden
# z is written into the function.
def comparisons_behind(table, z):
    p, e = table["percent"] / 100, table["error"] / 100
    return pd.DataFrame(
        {
            "what": table["what"],
            "comparisons": np.ceil(1.96**2 * p * (1 - p) / e**2),
            "for_one_point": np.ceil(1.96**2 * p * (1 - p) / 0.01**2),
        }
    )


# %% missing error is zero comparisons | says: nobody knows | falls: visible
# A missing number becomes 0.
def comparisons_behind(table, z):
    p, e = table["percent"] / 100, table["error"] / 100
    return pd.DataFrame(
        {
            "what": table["what"],
            "comparisons": np.ceil(z**2 * p * (1 - p) / e**2).fillna(0),
            "for_one_point": np.ceil(z**2 * p * (1 - p) / 0.01**2),
        }
    )


# %% grows with the error | says: this grows with the square | falls: visible
# An error four times smaller is taken to need four times as many.
def comparisons_behind(table, z):
    p, e = table["percent"] / 100, table["error"] / 100
    return pd.DataFrame(
        {
            "what": table["what"],
            "comparisons": np.ceil(z**2 * p * (1 - p) / e**2),
            "for_one_point": np.ceil(z**2 * p * (1 - p) / e**2 * table["error"]),
        }
    )
