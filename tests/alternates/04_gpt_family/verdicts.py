# %% a dictionary
# Looks each claim up and decides it with an if.
def verdicts(claims, facts):
    known = {
        (row["name"], row["quantity"]): row["value"]
        for row in facts.to_dict("records")
        if row["status"] == "published" and not pd.isna(row["value"])
    }
    rows = []
    for name, quantity, relation, said in zip(
        claims["name"], claims["quantity"], claims["relation"], claims["value"]
    ):
        figure = known.get((name, quantity))
        if figure is None:
            rows.append((name, quantity, "not published", np.nan))
            continue
        if relation == "=":
            holds = abs(said / figure - 1) <= 0.01
        else:
            holds = figure < said if relation == "<" else figure > said
        rows.append((name, quantity, "true" if holds else "false", figure))
    return pd.DataFrame(rows, columns=["name", "quantity", "verdict", "figure"])
