# %% computed
# Dates are subtracted, and lists take the place of tuples.
def decide():
    from datetime import date

    days = (date(2022, 11, 30) - date(2022, 8, 10)).days
    months = 12 * (2022 - 2021) + (11 - 9)
    return {
        "start": ["false", "sft"],
        "filter": ["true", days],
        "name": ["true", months],
        "memory": ["false", 3],
        "interval": ["true", 3 / np.sqrt(4)],
        "slower": ["false", 175_000_000_000],
        "method": ["true", "Sibling"],
        "size": ["not published", "Not published"],
    }


# %% three rows
# Names, verdicts and figures in rows of their own.
def decide():
    names = "method size name memory filter start interval slower".split()
    verdicts = ["true", "not published", "true", "false", "true", "false", "true", "false"]
    figures = ["sibling", "not published", 14, 3, 112, "SFT", 1.5, 175e9]
    return dict(zip(names, zip(verdicts, figures)))


# %% line by line
# Fills a dictionary as one goes on; whole numbers as floats.
def decide():
    found = {}
    found["size"] = ("not published", "not published")
    found["slower"] = ("false", 1.75e11)
    found["name"] = ("true", 14.0)
    found["memory"] = ("false", 3.0)
    found["method"] = ("true", "sibling")
    found["start"] = ("false", "SFT")
    found["filter"] = ("true", 112.0)
    found["interval"] = ("true", 1.51)
    return found
