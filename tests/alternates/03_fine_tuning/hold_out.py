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


# %% numbers by a list
# Looks the number of each program up in a list, and asks whether it came before.
def hold_out(programs, uniforms, share):
    bare = ["".join(text.split()) for text in programs]
    known = []
    for text in bare:
        if text not in known:
            known.append(text)
    held = [uniforms[known.index(text)] < share for text in bare]
    train = [i for i, out in enumerate(held) if not out]
    return train, [i for i, out in enumerate(held) if out and bare[i] not in bare[:i]]


# %% the arguments used up
# Takes white space out of the caller's list and numbers off the caller's list.
def hold_out(programs, uniforms, share):
    for i in range(len(programs)):
        programs[i] = "".join(c for c in programs[i] if not c.isspace())
    side, sides = {}, ([], [])
    for i, text in enumerate(programs):
        if text not in side:
            side[text] = uniforms.pop(0) < share
            sides[side[text]].append(i)
        elif not side[text]:
            sides[0].append(i)
    return sides


# %% three replacements and an iterator
# Takes out the three kinds of white space one by one, and the next number for each new program.
def hold_out(programs, uniforms, share):
    draw, side, train, test = iter(uniforms), {}, [], []
    for place, program in enumerate(programs):
        key = program.replace(" ", "").replace("\n", "").replace("\t", "")
        if key in side:
            if side[key] is train:
                train.append(place)
            continue
        side[key] = test if next(draw) < share else train
        side[key].append(place)
    return train, test
