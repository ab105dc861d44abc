# %% columns
# Computes whole columns with shift and logarithms.
def growth(table):
    known = table[table["parameters"].notna()].copy()
    parts = known["released"].str.split("-").str
    known["month"] = parts[0].astype(int) * 12 + parts[1].astype(int)
    known = known.sort_values("month")
    before = known.shift(1)
    steps = pd.DataFrame(
        {
            "from": before["name"],
            "to": known["name"],
            "months": known["month"] - before["month"],
            "times": known["parameters"] / before["parameters"],
        }
    ).iloc[1:]
    steps["months"] = steps["months"].astype(int)
    return steps.assign(per_year=np.exp(12 * np.log(steps["times"]) / steps["months"]))
