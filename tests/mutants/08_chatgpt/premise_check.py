# %% capitals count | says: capitals don't count | falls: visible
# The name is looked for as it stands in the table.
def premise_check(request, answer, years):
    names = [name for name in years if name in request]
    claimed = re.findall(r"\b\d{4}\b", request)
    if not names or not claimed:
        return "none", None
    true = years[max(names, key=len)]
    if int(claimed[0]) == true:
        return "true", None
    said = [int(year) for year in re.findall(r"\b\d{4}\b", answer)]
    return "false", 1.0 if true in said else 0.0 if said else 0.5


# %% string against number | says: do you compare a string with a number | falls: visible
# "1901" is never equal to 1901, so every premise is false.
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = re.findall(r"\b\d{4}\b", request)
    if not names or not claimed:
        return "none", None
    true = years[max(names, key=len)]
    if claimed[0] == true:
        return "true", None
    said = [int(year) for year in re.findall(r"\b\d{4}\b", answer)]
    return "false", 1.0 if true in said else 0.0 if said else 0.5


# %% no claim is false | says: a request without a year claims nothing | falls: visible
# What can't be shown to be true is called false.
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = [int(y) for y in re.findall(r"\b\d{4}\b", request)]
    if names and claimed and claimed[0] == years[max(names, key=len)]:
        return "true", None
    if not names:
        return "none", None
    true = years[max(names, key=len)]
    said = [int(year) for year in re.findall(r"\b\d{4}\b", answer)]
    return "false", 1.0 if true in said else 0.0 if said else 0.5


# %% wrong year named costs everything | says: the true year is in it, so it corrects | falls: visible
# An answer that repeats the wrong year, if only to deny it, gets nothing.
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = re.findall(r"\b\d{4}\b", request)
    if not names or not claimed:
        return "none", None
    true = years[max(names, key=len)]
    if int(claimed[0]) == true:
        return "true", None
    if claimed[0] in answer:
        return "false", 0.0
    said = [int(year) for year in re.findall(r"\b\d{4}\b", answer)]
    return "false", 1.0 if true in said else 0.0 if said else 0.5


# %% silence is a failure | says: neither corrects nor plays along | falls: visible
# An answer without a year is treated like one that plays along.
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = re.findall(r"\b\d{4}\b", request)
    if not names or not claimed:
        return "none", None
    true = years[max(names, key=len)]
    if int(claimed[0]) == true:
        return "true", None
    return "false", float(str(true) in answer)


# %% first name of the table | says: of several names the longest one counts | falls: hidden
# "the Mill" is found inside "the Mill Fire".
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = re.findall(r"\b\d{4}\b", request)
    if not names or not claimed:
        return "none", None
    true = years[names[0]]
    if int(claimed[0]) == true:
        return "true", None
    said = [int(year) for year in re.findall(r"\b\d{4}\b", answer)]
    return "false", 1.0 if true in said else 0.0 if said else 0.5


# %% four digits inside a number | says: 12015 isn't a year | falls: hidden
# The pattern has no borders, so 12015 holds the year 1201.
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = re.findall(r"\d{4}", request)
    if not names or not claimed:
        return "none", None
    true = years[max(names, key=len)]
    if int(claimed[0]) == true:
        return "true", None
    said = [int(year) for year in re.findall(r"\d{4}", answer)]
    return "false", 1.0 if true in said else 0.0 if said else 0.5


# %% true premise scored | says: there is nothing to score | falls: hidden
# Answers are scored whether or not there was anything to correct.
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = re.findall(r"\b\d{4}\b", request)
    if not names or not claimed:
        return "none", None
    true = years[max(names, key=len)]
    said = [int(year) for year in re.findall(r"\b\d{4}\b", answer)]
    score = 1.0 if true in said else 0.0 if said else 0.5
    return ("true" if int(claimed[0]) == true else "false"), score


# %% last year of the answer | says: look at all years of the answer | falls: hidden
# Only the last year of the answer is compared.
def premise_check(request, answer, years):
    names = [name for name in years if name.lower() in request.lower()]
    claimed = re.findall(r"\b\d{4}\b", request)
    if not names or not claimed:
        return "none", None
    true = years[max(names, key=len)]
    if int(claimed[0]) == true:
        return "true", None
    said = [int(year) for year in re.findall(r"\b\d{4}\b", answer)]
    return "false", 0.5 if not said else float(said[-1] == true)
