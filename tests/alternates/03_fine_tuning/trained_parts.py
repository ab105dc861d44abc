# %% a pattern
# Reads the block's number with a regular expression and counts with numpy.
def trained_parts(shapes, way):
    number = {n: int(m[1]) for n in shapes if (m := re.match(r"transformer\.h\.(\d+)\.", n))}
    names = []
    for n in shapes:
        head = n.split(".")[0] == "lm_head"
        top = n in number and number[n] == max(number.values())
        if way == "all" or (way == "last layer" and head) or (way == "last block" and top):
            names.append(n)
    return tuple(names), int(sum(np.prod(shapes[n]) for n in names))
