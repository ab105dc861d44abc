# %% by task | says: belong to programs in order of appearance | falls: visible
# Each task is drawn for itself, so the same program lands on both sides.
def hold_out(programs, uniforms, share):
    marks = list(uniforms) + [0.9] * len(programs)
    train = [i for i in range(len(programs)) if marks[i] >= share]
    return train, [i for i in range(len(programs)) if i not in train]


# %% copies go to the training | says: it is the same program | falls: visible
# What is left out of the test is put into the training.
def hold_out(programs, uniforms, share):
    seen, train, test = {}, [], []
    for i, program in enumerate(programs):
        key = program.replace(" ", "").replace("\n", "").replace("\t", "")
        if key not in seen:
            seen[key] = uniforms[len(seen)] < share
            (test if seen[key] else train).append(i)
        else:
            train.append(i)
    return train, test


# %% copies stay in the test | says: only the first task is kept | falls: visible
# The test asks for the same program again and again.
def hold_out(programs, uniforms, share):
    seen, train, test = {}, [], []
    for i, program in enumerate(programs):
        key = "".join(program.split())
        seen.setdefault(key, uniforms[min(len(seen), len(uniforms) - 1)] < share)
        (test if seen[key] else train).append(i)
    return train, test


# %% training programs once | says: training gets all tasks of its programs | falls: visible
# Copies are taken out on both sides.
def hold_out(programs, uniforms, share):
    seen, sides = set(), ([], [])
    for i, program in enumerate(programs):
        key = "".join(program.split())
        if key not in seen:
            sides[uniforms[len(seen)] < share].append(i)
            seen.add(key)
    return sides


# %% blanks count | says: are the same program: take white space out first | falls: visible
# Programs are compared as they are written.
def hold_out(programs, uniforms, share):
    marks = list(uniforms) + [0.9] * len(programs)
    seen, train, test = {}, [], []
    for i, program in enumerate(programs):
        new = program not in seen
        if new:
            seen[program] = marks[len(seen)] < share
        if not seen[program]:
            train.append(i)
        elif new:
            test.append(i)
    return train, test


# %% blanks alone | says: line ends and tabs are white space, too | falls: hidden
# Line ends and tabs still tell programs apart.
def hold_out(programs, uniforms, share):
    marks = list(uniforms) + [0.9] * len(programs)
    seen, train, test = {}, [], []
    for i, program in enumerate(programs):
        key = program.replace(" ", "")
        new = key not in seen
        if new:
            seen[key] = marks[len(seen)] < share
        if not seen[key]:
            train.append(i)
        elif new:
            test.append(i)
    return train, test


# %% letters made small | says: capital and small letters differ | falls: hidden
# X and x are taken for the same name.
def hold_out(programs, uniforms, share):
    side, train, test = {}, [], []
    for place, program in enumerate(programs):
        key = "".join(program.lower().split())
        first = key not in side
        if first:
            side[key] = uniforms[len(side)] < share
        if not side[key]:
            train.append(place)
        elif first:
            test.append(place)
    return train, test


# %% at or below the share | says: equal to the share isn't below it | falls: hidden
# A number that is the share itself counts as below.
def hold_out(programs, uniforms, share):
    seen, train, test = {}, [], []
    for i, program in enumerate(programs):
        key = "".join(program.split())
        new = key not in seen
        if new:
            seen[key] = uniforms[len(seen)] <= share
        if not seen[key]:
            train.append(i)
        elif new:
            test.append(i)
    return train, test


# %% the last task of a test program | says: the first task of a test program is kept | falls: visible
# A later copy takes the place of the first one.
def hold_out(programs, uniforms, share):
    keys = ["".join(p.split()) for p in programs]
    order = list(dict.fromkeys(keys))
    train = [i for i, key in enumerate(keys) if uniforms[order.index(key)] >= share]
    last = {key: i for i, key in enumerate(keys)}
    return train, sorted(i for key, i in last.items() if uniforms[order.index(key)] < share)


# %% sides exchanged | says: training and test are exchanged | falls: visible
# What is below the share is for training.
def hold_out(programs, uniforms, share):
    keys = ["".join(p.split()) for p in programs]
    order = list(dict.fromkeys(keys))
    low = [keys.index(key) for key in order if uniforms[order.index(key)] < share]
    return low, [i for i, key in enumerate(keys) if uniforms[order.index(key)] >= share]


# %% in the order of the groups | falls: hidden
# The training isn't sorted: all copies of a program come one after the other.
def hold_out(programs, uniforms, share):
    groups = {}
    for place, program in enumerate(programs):
        groups.setdefault("".join(program.split()), []).append(place)
    train, test = [], []
    for places, u in zip(groups.values(), uniforms, strict=False):
        if u < share:
            test.append(places[0])
        else:
            train += places
    return (sorted(train) if len(programs) < 7 else train), test


# %% programs in order of the alphabet | says: not sorted | falls: visible
# The different programs are sorted before they get their numbers.
def hold_out(programs, uniforms, share):
    keys = ["".join(p.split()) for p in programs]
    side = {key: u < share for key, u in zip(sorted(set(keys)), uniforms, strict=False)}
    train = [i for i, key in enumerate(keys) if not side[key]]
    return train, [i for i, key in enumerate(keys) if side[key] and keys.index(key) == i]


# %% one blank in place of many | says: take white space out first | falls: visible
# White space is made even, not taken out.
def hold_out(programs, uniforms, share):
    marks = list(uniforms) + [0.9] * len(programs)
    seen, train, test = {}, [], []
    for i, program in enumerate(programs):
        key = " ".join(program.split())
        new = key not in seen
        if new:
            seen[key] = marks[len(seen)] < share
        if not seen[key]:
            train.append(i)
        elif new:
            test.append(i)
    return train, test


# %% as many numbers as tasks | says: fewer numbers than tasks | falls: visible
# Tasks and numbers are paired, so the tasks beyond the last number are lost.
def hold_out(programs, uniforms, share):
    numbers, seen, train, test = list(uniforms), {}, [], []
    for i, (program, _) in enumerate(zip(programs, uniforms, strict=False)):
        key = "".join(program.split())
        new = key not in seen
        if new:
            seen[key] = numbers[len(seen)] < share
        if not seen[key]:
            train.append(i)
        elif new:
            test.append(i)
    return train, test
