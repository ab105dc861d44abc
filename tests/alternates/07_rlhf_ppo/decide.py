# %% two rows
# True and false statements in two rows, with lists for the pairs.
def decide():
    true = ["start", "scorer", "small", "tax"], ["first KL", "answers scored", "headline"]
    false = ["cost", "higher", "shrank", "bias"], ["petaflop/s-days", "proxy and truth"]
    figures = [*true[1], "SQuADv2 and others"], [*false[1], "sizes trained"]
    figures[1].append("Winogender and CrowS-Pairs")
    answers = {name: ["true", figure] for name, figure in zip(true[0], figures[0])}
    return answers | {name: ["false", figure] for name, figure in zip(false[0], figures[1])}
