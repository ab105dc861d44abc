# %% rounded, as lists
# Numbers are rounded to two places that count, pairs are lists.
def decide():
    said = {"judge": 2.0, "share": 0.0178, "small_runs": 1e-3}
    answers = {name: ["true", figure] for name, figure in said.items()}
    answers |= {"calibration": ["false", 0.074], "announced": ["false", "Denied"]}
    return answers | {"size": ["not published", "Not published"]}


# %% computed with numpy
# The figures are computed, and come as numpy's numbers.
def decide():
    days = np.array([4.9, 60.0, 3640.0])
    figures = {"share": days[:2].sum() / days[2], "small_runs": np.float64(1) / 1000}
    figures |= {"judge": np.int64(len({"policy", "reference model"}))}
    true = {name: ("true", figure) for name, figure in figures.items()}
    other = {"calibration": ("false", np.float32(0.074)), "announced": ("false", "denied")}
    return {**true, **other, "size": ("not published", "not published")}


# %% from the table of GPT-4
# What the table of section 8 holds is read from its file.
def decide():
    import csv

    from course.paths import DATA

    with (DATA / "family" / "gpt4.csv").open(encoding="utf-8", newline="") as file:
        known = {row["key"]: row for row in csv.DictReader(file)}
    after = float(known["calibration"]["value"].split("→")[1].split("(")[0])
    return {
        "judge": ("true", 2),
        "calibration": ("false", after),
        "share": ("true", 64.9 / 3640),
        "size": (known["left_out"]["heap"],) * 2,
        "small_runs": ("true", 0.001),
        "announced": ("false", known["trillion"]["heap"]),
    }
