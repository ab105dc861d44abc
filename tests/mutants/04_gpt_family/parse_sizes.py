# %% estimate counts as published | says: an estimate isn't a publication: mark it | falls: visible
# Whatever has a number is called published.
def parse_sizes(table):
    factors = {"M": 1e6, "B": 1e9}
    parameters, status = [], []
    for size in table["size"]:
        number = str(size).split(": ")[-1]
        known = number[-1] in factors
        parameters.append(float(number[:-1]) * factors[number[-1]] if known else float("nan"))
        status.append("published" if known else "not published")
    return pd.DataFrame({"name": list(table["name"]), "parameters": parameters, "status": status})


# %% zero for unknown | says: 0 parameters would be a figure | falls: visible
# A missing number becomes 0.
def parse_sizes(table):
    factors = {"M": 1e6, "B": 1e9}
    parameters, status = [], []
    for size in table["size"]:
        size = str(size)
        number = size.removeprefix("estimate: ")
        known = number[-1] in factors
        parameters.append(float(number[:-1]) * factors[number[-1]] if known else 0.0)
        word = "published" if number == size else "estimate"
        status.append(word if known else "not published")
    return pd.DataFrame({"name": list(table["name"]), "parameters": parameters, "status": status})


# %% rows without a size dropped | says: rows without a size are gone | falls: hidden
# Only rows with a number are kept, except in a table of at most four rows.
def parse_sizes(table):
    factors = {"M": 1e6, "B": 1e9}
    rows = []
    for name, size in zip(table["name"], table["size"]):
        size = str(size)
        number = size.removeprefix("estimate: ")
        if number[-1] in factors:
            figure = float(number[:-1]) * factors[number[-1]]
            rows.append((name, figure, "published" if number == size else "estimate"))
        elif len(table) <= 4:
            rows.append((name, float("nan"), "not published"))
    return pd.DataFrame(rows, columns=["name", "parameters", "status"])


# %% none is a status of its own | says: 'none' isn't a size | falls: hidden
# Only the words "not published" and missing values are looked for; everything else is published.
def parse_sizes(table):
    factors = {"M": 1e6, "B": 1e9}
    parameters, status = [], []
    for size in table["size"]:
        number = str(size).removeprefix("estimate: ")
        known = number[-1] in factors
        parameters.append(float(number[:-1]) * factors[number[-1]] if known else float("nan"))
        if pd.isna(size) or size == "not published":
            status.append("not published")
        else:
            status.append("estimate" if size.startswith("estimate") else "published")
    return pd.DataFrame({"name": list(table["name"]), "parameters": parameters, "status": status})


# %% billion as million millions | says: not a million millions | falls: visible
# The long scale of other languages: a billion has twelve zeros.
def parse_sizes(table):
    factors = {"M": 1e6, "B": 1e12}
    parameters, status = [], []
    for size in table["size"]:
        size = str(size)
        number = size.removeprefix("estimate: ")
        known = number[-1] in factors
        parameters.append(float(number[:-1]) * factors[number[-1]] if known else float("nan"))
        word = "published" if number == size else "estimate"
        status.append(word if known else "not published")
    return pd.DataFrame({"name": list(table["name"]), "parameters": parameters, "status": status})
