# %% one minus the rest
# What wasn't lost was won.
def win_share(wins, losses):
    return 1 - losses / (losses + wins)


# %% mean of ones and zeros
# A share is the mean of a list that has a 1 for each win and a 0 for each loss.
def win_share(wins, losses):
    return np.mean(np.repeat([1, 0], [wins, losses]))


# %% an exact fraction
# The fraction stays exact until the end.
from fractions import Fraction


def win_share(wins, losses):
    return float(Fraction(wins, wins + losses))


# %% from the odds
# Odds o belong to the share o / (1 + o); without a loss the odds are infinite.
def win_share(wins, losses):
    if losses == 0:
        return 1.0
    odds = wins / losses
    return odds / (1 + odds)


# %% a fraction as it is
# A fraction is a number, too.
from fractions import Fraction


def win_share(wins, losses):
    return Fraction(wins, wins + losses)


# %% a number of numpy
# The division is numpy's, and so is its result.
def win_share(wins, losses):
    return np.true_divide(wins, np.sum([wins, losses]))
