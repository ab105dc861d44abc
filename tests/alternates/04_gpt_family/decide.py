# %% three rows
# Builds the dictionary from rows of ids, verdicts and places, with lists for the pairs.
def decide():
    ids = "codex shrank small same_data picture chatgpt_size cushman all_rlhf two_meanings year_apart tax code_start".split()
    verdicts = "t f t f t n t f t f t n".split()
    places = (
        "models.parent rlhf.sizes rlhf.small cutoffs.text_until neighbours.parent models.size "
        "api_names.note api_names.training sizes.model models.released rlhf.tax api_names.parent"
    ).split()
    words = {"t": "true", "f": "false", "n": "not published"}
    return {i: [words[v], p] for i, v, p in zip(ids, verdicts, places)}
