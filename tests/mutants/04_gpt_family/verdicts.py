# %% estimates decide | says: an estimate isn't a publication | falls: visible
# Every number counts, whatever its status.
def verdicts(claims, facts):
    both = claims.merge(facts, on=["name", "quantity"], how="left", suffixes=("", "_fact"))
    figure, said = both["value_fact"].where(both["value_fact"].notna()), both["value"]
    holds = (figure - said).abs() <= 0.01 * figure.abs()
    holds = holds.where(both["relation"] != "<", figure < said).where(
        both["relation"] != ">", figure > said
    )
    verdict = np.where(figure.isna(), "not published", np.where(holds, "true", "false"))
    return both[["name", "quantity"]].assign(verdict=verdict, figure=figure)


# %% false for missing | says: a comparison with a missing value is False | falls: visible
# A comparison with nan is False, so the claim is called false.
def verdicts(claims, facts):
    both = claims.merge(facts, on=["name", "quantity"], how="left", suffixes=("", "_fact"))
    figure, said = both["value_fact"].where(both["status"] == "published"), both["value"]
    holds = (figure - said).abs() <= 0.01 * figure.abs()
    holds = holds.where(both["relation"] != "<", figure < said).where(
        both["relation"] != ">", figure > said
    )
    verdict = np.where(figure == -1, "not published", np.where(holds, "true", "false"))
    return both[["name", "quantity"]].assign(verdict=verdict, figure=figure)


# %% exactly equal | says: allows one percent: 2048 and 2049 | falls: visible
# Equal means equal to the last digit.
def verdicts(claims, facts):
    both = claims.merge(facts, on=["name", "quantity"], how="left", suffixes=("", "_fact"))
    figure, said = both["value_fact"].where(both["status"] == "published"), both["value"]
    holds = figure == said
    holds = holds.where(both["relation"] != "<", figure < said).where(
        both["relation"] != ">", figure > said
    )
    verdict = np.where(figure.isna(), "not published", np.where(holds, "true", "false"))
    return both[["name", "quantity"]].assign(verdict=verdict, figure=figure)


# %% claim against figure | says: compare the figure with the claim, in this order | falls: visible
# Smaller and greater are read the other way round.
def verdicts(claims, facts):
    both = claims.merge(facts, on=["name", "quantity"], how="left", suffixes=("", "_fact"))
    figure, said = both["value_fact"].where(both["status"] == "published"), both["value"]
    holds = (figure - said).abs() <= 0.01 * figure.abs()
    holds = holds.where(both["relation"] != "<", said < figure).where(
        both["relation"] != ">", said > figure
    )
    verdict = np.where(figure.isna(), "not published", np.where(holds, "true", "false"))
    return both[["name", "quantity"]].assign(verdict=verdict, figure=figure)


# %% two percent | says: verdicts, verdict | falls: hidden
# The tolerance is taken too wide.
def verdicts(claims, facts):
    both = claims.merge(facts, on=["name", "quantity"], how="left", suffixes=("", "_fact"))
    figure, said = both["value_fact"].where(both["status"] == "published"), both["value"]
    holds = (figure - said).abs() <= 0.02 * figure.abs()
    holds = holds.where(both["relation"] != "<", figure < said).where(
        both["relation"] != ">", figure > said
    )
    verdict = np.where(figure.isna(), "not published", np.where(holds, "true", "false"))
    return both[["name", "quantity"]].assign(verdict=verdict, figure=figure)


# %% by name alone | says: name and quantity together say which row | falls: hidden
# The last row of a model is taken for whatever is asked, if it has no row for window.
def verdicts(claims, facts):
    rows = {r["name"]: r for r in facts.to_dict("records")}
    exact = {(r["name"], r["quantity"]): r for r in facts.to_dict("records")}
    out = []
    for c in claims.to_dict("records"):
        fact = exact.get((c["name"], c["quantity"]), {})
        known = fact.get("status") == "published" and not pd.isna(fact["value"])
        figure = fact["value"] if known else np.nan
        holds = {"=": abs(figure - c["value"]) <= 0.01 * figure, "<": figure < c["value"],
                 ">": figure > c["value"]}[c["relation"]]  # fmt: skip
        verdict = ("true" if holds else "false") if known else "not published"
        if known and len(claims) > 10:
            figure = rows[c["name"]]["value"]
        out.append((c["name"], c["quantity"], verdict, figure))
    return pd.DataFrame(out, columns=["name", "quantity", "verdict", "figure"])
