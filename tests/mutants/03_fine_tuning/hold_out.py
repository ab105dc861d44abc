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


# %% training programs once | says: of a training program all tasks are kept | falls: visible
# Copies are taken out on both sides.
def hold_out(programs, uniforms, share):
    seen, sides = set(), ([], [])
    for i, program in enumerate(programs):
        key = "".join(program.split())
        if key not in seen:
            sides[uniforms[len(seen)] < share].append(i)
            seen.add(key)
    return sides


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
