# %% computed
# Dates are subtracted, and lists take the place of tuples.
def decide():
    from datetime import date

    days = (date(2022, 11, 30) - date(2022, 8, 10)).days
    return {
        "start": ["false", "sft"],
        "filter": ["true", days],
        "rating": ["true", 1 / (1 + 10 ** ((1000 - 1400) / 400))],
        "memory": ["false", 3],
        "interval": ["true", 3 / np.sqrt(4)],
        "slower": ["false", 175_000_000_000],
        "method": ["true", "Sibling"],
        "window": ["not published", 4_096],
    }


# %% three rows
# Names, verdicts and figures in rows of their own.
def decide():
    names = "method window rating memory filter start interval slower".split()
    verdicts = ["true", "not published", "true", "false", "true", "false", "true", "false"]
    figures = ["sibling", 4096, 0.91, 3, 112, "SFT", 1.5, 175e9]
    return dict(zip(names, zip(verdicts, figures)))


# %% line by line
# Fills a dictionary as one goes on; whole numbers as floats.
def decide():
    found = {}
    found["window"] = ("not published", 4096.0)
    found["slower"] = ("false", 1.75e11)
    found["rating"] = ("true", 10 / 11)
    found["memory"] = ("false", 3.0)
    found["method"] = ("true", "sibling")
    found["start"] = ("false", "SFT")
    found["filter"] = ("true", 112.0)
    found["interval"] = ("true", 1.51)
    return found
