# %% row by row
# Turns the standard error around for each row.
def comparisons_behind(table, z):
    rows = []
    for row in table.to_dict("records"):
        unit = z * np.sqrt(row["percent"] * (100 - row["percent"]))
        known = not pd.isna(row["error"])
        rows.append(
            {
                "what": row["what"],
                "comparisons": float(np.ceil((unit / row["error"]) ** 2)) if known else np.nan,
                "for_one_point": float(np.ceil(unit**2)),
            }
        )
    return pd.DataFrame(rows)
