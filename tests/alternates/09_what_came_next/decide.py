# %% two rows
# True and other statements in two rows, with lists for the pairs.
def decide():
    true = {"judge": "inputs of the loss", "share": "petaflop/s-days", "method": "training"}
    false = {"proxy": "proxy and truth", "calibration": "calibration error"}
    answers = {name: ["true", figure] for name, figure in true.items()}
    answers |= {name: ["false", figure] for name, figure in false.items()}
    answers["announced"] = ["false", "interview"]
    answers["small runs"] = ["true", "predicted"]
    answers["size"] = ["not published", "left out"]
    return answers
