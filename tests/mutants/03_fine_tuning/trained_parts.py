# %% the last one of the table | says: not the last one of the table | falls: visible
# The last block is taken to be the one that the table names last.
def trained_parts(shapes, way):
    start = {"last layer": "lm_head.", "all": ""}.get(way)
    if start is None:
        blocks = [n.split(".")[2] for n in shapes if n.startswith("transformer.h.")]
        start = f"transformer.h.{blocks[-1]}."
    names = [n for n in shapes if n.startswith(start)]
    return names, sum(math.prod(shapes[n]) for n in names)


# %% largest as text | says: compare block numbers as numbers | falls: hidden
# "9" stands behind "10" in the alphabet.
def trained_parts(shapes, way):
    start = {"last layer": "lm_head.", "all": ""}.get(way)
    if start is None:
        blocks = [n.split(".")[2] for n in shapes if n.startswith("transformer.h.")]
        start = f"transformer.h.{max(blocks)}."
    names = [n for n in shapes if n.startswith(start)]
    return names, sum(math.prod(shapes[n]) for n in names)


# %% lm_head without the dot | says: ends at the dot | falls: hidden
# A name that only begins like the head is taken for it.
def trained_parts(shapes, way):
    start = {"last layer": "lm_head", "all": ""}.get(way)
    if start is None:
        blocks = [int(n.split(".")[2]) for n in shapes if n.startswith("transformer.h.")]
        start = f"transformer.h.{max(blocks)}."
    names = [n for n in shapes if n.startswith(start)]
    return names, sum(math.prod(shapes[n]) for n in names)


# %% names counted | says: this counts names | falls: visible
# Every parameter counts once, however many numbers it holds.
def trained_parts(shapes, way):
    start = {"last layer": "lm_head.", "all": ""}.get(way)
    if start is None:
        blocks = [int(n.split(".")[2]) for n in shapes if n.startswith("transformer.h.")]
        start = f"transformer.h.{max(blocks)}."
    names = [n for n in shapes if n.startswith(start)]
    return names, len(names)


# %% a scalar holds nothing | says: a parameter of shape () holds one number | falls: hidden
# The sizes are multiplied only where there are any.
def trained_parts(shapes, way):
    start = {"last layer": "lm_head.", "all": ""}.get(way)
    if start is None:
        blocks = [int(n.split(".")[2]) for n in shapes if n.startswith("transformer.h.")]
        start = f"transformer.h.{max(blocks)}."
    names = [n for n in shapes if n.startswith(start)]
    return names, sum(math.prod(shapes[n]) if shapes[n] else 0 for n in names)


# %% all blocks | says: only the one with the largest number moves | falls: visible
# Every block counts as the last one.
def trained_parts(shapes, way):
    start = {"last layer": "lm_head.", "last block": "transformer.h.", "all": ""}[way]
    names = [n for n in shapes if n.startswith(start)]
    return names, sum(math.prod(shapes[n]) for n in names)
