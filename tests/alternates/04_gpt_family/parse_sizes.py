# %% by pattern
# Lets pandas cut the texts with a regular expression.
def parse_sizes(table):
    found = table["size"].astype(object).where(table["size"].notna(), "none")
    found = found.str.extract(r"^(estimate: )?([0-9.]+)([MB])$")
    parameters = found[1].astype(float) * found[2].map({"M": 10**6, "B": 10**9}).astype(float)
    status = np.where(found[0].notna(), "estimate", "published")
    status = np.where(parameters.isna(), "not published", status)
    return pd.DataFrame({"name": table["name"], "parameters": parameters, "status": status})
