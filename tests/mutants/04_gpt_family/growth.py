# %% growth is added | says: growth multiplies | falls: visible
# The factor is shared out evenly over the years.
def growth(table):
    known = table.dropna(subset=["parameters"]).sort_values("released")
    rows = known.to_dict("records")
    steps = []
    for old, new in zip(rows, rows[1:]):
        years = int(new["released"][:4]) - int(old["released"][:4])
        months = 12 * years + int(new["released"][5:7]) - int(old["released"][5:7])
        times = new["parameters"] / old["parameters"]
        row = {"from": old["name"], "to": new["name"], "months": months, "times": times}
        steps.append(row | {"per_year": times * 12 / months})
    return pd.DataFrame(steps)


# %% unsorted | says: sort by the date of release first | falls: visible
# The rows are taken as they stand.
def growth(table):
    known = table.dropna(subset=["parameters"])
    rows = known.to_dict("records")
    steps = []
    for old, new in zip(rows, rows[1:]):
        years = int(new["released"][:4]) - int(old["released"][:4])
        months = 12 * years + int(new["released"][5:7]) - int(old["released"][5:7])
        times = new["parameters"] / old["parameters"]
        row = {"from": old["name"], "to": new["name"], "months": months, "times": times}
        steps.append(row | {"per_year": times ** (12 / months)})
    return pd.DataFrame(steps)


# %% exponent upside down | says: the exponent is upside down | falls: visible
# months / 12 in place of 12 / months.
def growth(table):
    known = table.dropna(subset=["parameters"]).sort_values("released")
    rows = known.to_dict("records")
    steps = []
    for old, new in zip(rows, rows[1:]):
        years = int(new["released"][:4]) - int(old["released"][:4])
        months = 12 * years + int(new["released"][5:7]) - int(old["released"][5:7])
        times = new["parameters"] / old["parameters"]
        row = {"from": old["name"], "to": new["name"], "months": months, "times": times}
        steps.append(row | {"per_year": times ** (months / 12)})
    return pd.DataFrame(steps)


# %% years only | says: these are the years alone | falls: visible
# The months of the dates aren't looked at.
def growth(table):
    known = table.dropna(subset=["parameters"]).sort_values("released")
    rows = known.to_dict("records")
    steps = []
    for old, new in zip(rows, rows[1:]):
        years = int(new["released"][:4]) - int(old["released"][:4])
        months = 12 * years
        times = new["parameters"] / old["parameters"]
        row = {"from": old["name"], "to": new["name"], "months": months, "times": times}
        steps.append(row | {"per_year": times ** (12 / max(1, months))})
    return pd.DataFrame(steps)


# %% whole years | says: part of a year counts too | falls: hidden
# The time is rounded to whole years.
def growth(table):
    known = table.dropna(subset=["parameters"]).sort_values("released")
    rows = known.to_dict("records")
    steps = []
    for old, new in zip(rows, rows[1:]):
        years = int(new["released"][:4]) - int(old["released"][:4])
        months = 12 * years + int(new["released"][5:7]) - int(old["released"][5:7])
        times = new["parameters"] / old["parameters"]
        row = {"from": old["name"], "to": new["name"], "months": months, "times": times}
        steps.append(row | {"per_year": times ** (1 / max(1, round(months / 12)))})
    return pd.DataFrame(steps)


# %% missing sizes kept | says: a model without a size stands in the chain | falls: visible
# Models without a number stay in the chain.
def growth(table):
    known = table.sort_values("released")
    rows = known.to_dict("records")
    steps = []
    for old, new in zip(rows, rows[1:]):
        years = int(new["released"][:4]) - int(old["released"][:4])
        months = 12 * years + int(new["released"][5:7]) - int(old["released"][5:7])
        times = new["parameters"] / old["parameters"]
        row = {"from": old["name"], "to": new["name"], "months": months, "times": times}
        steps.append(row | {"per_year": times ** (12 / months)})
    return pd.DataFrame(steps)
