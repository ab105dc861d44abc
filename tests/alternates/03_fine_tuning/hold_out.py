# %% groups first
# Collects the places of each program, then deals the groups out.
def hold_out(programs, uniforms, share):
    groups = {}
    for place, program in enumerate(programs):
        groups.setdefault(re.sub(r"\s+", "", program), []).append(place)
    train, test = [], []
    for places, u in zip(groups.values(), uniforms, strict=False):
        if u < share:
            test.append(places[0])
        else:
            train.extend(places)
    return sorted(train), sorted(test)
