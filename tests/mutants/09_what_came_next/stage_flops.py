# %% reading only | says: this is learning | falls: visible
# Two operations everywhere.
def stage_flops(policy, judge, plan):
    p, j = 2.0 * policy, 2.0 * judge
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": (p + j * plan["reward_epochs"]) * plan["compared"],
        "dpo": (2 * p + p * plan["dpo_epochs"]) * plan["compared"],
        "ppo": (2 * p + 2 * j + (p + j) * plan["ppo_epochs"]) * plan["rollout"]
        + p * plan["rehearsal"],
    }


# %% one size | says: take its size | falls: visible
# The reward model is taken to be as large as the policy.
def stage_flops(policy, judge, plan):
    p, t = 6.0 * policy, 2.0 * policy
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": (t + p * plan["reward_epochs"]) * plan["compared"],
        "dpo": (2 * t + p * plan["dpo_epochs"]) * plan["compared"],
        "ppo": (4 * t + 2 * p * plan["ppo_epochs"]) * plan["rollout"] + p * plan["rehearsal"],
    }


# %% answers fall from the sky | says: the answers have to be written first | falls: visible
# Nobody writes the answers that are compared.
def stage_flops(policy, judge, plan):
    p, t, jp, jt = 6.0 * policy, 2.0 * policy, 6.0 * judge, 2.0 * judge
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": jp * plan["reward_epochs"] * plan["compared"],
        "dpo": (t + p * plan["dpo_epochs"]) * plan["compared"],
        "ppo": (2 * t + 2 * jt + (p + jp) * plan["ppo_epochs"]) * plan["rollout"]
        + p * plan["rehearsal"],
    }


# %% the reference model learns | says: the reference model never learns | falls: visible
# Both models of DPO are trained.
def stage_flops(policy, judge, plan):
    p, t, jp, jt = 6.0 * policy, 2.0 * policy, 6.0 * judge, 2.0 * judge
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": (t + jp * plan["reward_epochs"]) * plan["compared"],
        "dpo": (t + 2 * p * plan["dpo_epochs"]) * plan["compared"],
        "ppo": (2 * t + 2 * jt + (p + jp) * plan["ppo_epochs"]) * plan["rollout"]
        + p * plan["rehearsal"],
    }


# %% no value model | says: the value model is missing | falls: visible
# The most forgotten part of RLHF is forgotten.
def stage_flops(policy, judge, plan):
    p, t, jp, jt = 6.0 * policy, 2.0 * policy, 6.0 * judge, 2.0 * judge
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": (t + jp * plan["reward_epochs"]) * plan["compared"],
        "dpo": (2 * t + p * plan["dpo_epochs"]) * plan["compared"],
        "ppo": (2 * t + jt + p * plan["ppo_epochs"]) * plan["rollout"] + p * plan["rehearsal"],
    }


# %% no rehearsal | says: the pre-training text beside is missing | falls: visible
# PPO without its most expensive part.
def stage_flops(policy, judge, plan):
    p, t, jp, jt = 6.0 * policy, 2.0 * policy, 6.0 * judge, 2.0 * judge
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": (t + jp * plan["reward_epochs"]) * plan["compared"],
        "dpo": (2 * t + p * plan["dpo_epochs"]) * plan["compared"],
        "ppo": (2 * t + 2 * jt + (p + jp) * plan["ppo_epochs"]) * plan["rollout"],
    }


# %% everything in each round | says: isn't paid in each round | falls: visible
# Writing and reading are paid again and again.
def stage_flops(policy, judge, plan):
    p, t, jp, jt = 6.0 * policy, 2.0 * policy, 6.0 * judge, 2.0 * judge
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": (t + jp * plan["reward_epochs"]) * plan["compared"],
        "dpo": (2 * t + p) * plan["dpo_epochs"] * plan["compared"],
        "ppo": (2 * t + 2 * jt + p + jp) * plan["ppo_epochs"] * plan["rollout"]
        + p * plan["rehearsal"],
    }


# %% DPO in one round | says: times dpo_epochs | falls: hidden
# Right for the example, which has one round.
def stage_flops(policy, judge, plan):
    p, t, jp, jt = 6.0 * policy, 2.0 * policy, 6.0 * judge, 2.0 * judge
    return {
        "pretraining": p * plan["pretraining"],
        "sft": p * plan["sft"] * plan["sft_epochs"],
        "reward": (t + jp * plan["reward_epochs"]) * plan["compared"],
        "dpo": (2 * t + p) * plan["compared"],
        "ppo": (2 * t + 2 * jt + (p + jp) * plan["ppo_epochs"]) * plan["rollout"]
        + p * plan["rehearsal"],
    }


# %% too large for whole numbers | says: which is not right | falls: hidden
# numpy's whole numbers end at 9e18 and go on from the other side.
def stage_flops(policy, judge, plan):
    p, j = np.int64(policy), np.int64(judge)
    n = {key: np.int64(value) for key, value in plan.items()}
    with np.errstate(all="ignore"):
        return {
            "pretraining": float(6 * p * n["pretraining"]),
            "sft": float(6 * p * n["sft"] * n["sft_epochs"]),
            "reward": float((2 * p + 6 * j * n["reward_epochs"]) * n["compared"]),
            "dpo": float((4 * p + 6 * p * n["dpo_epochs"]) * n["compared"]),
            "ppo": float(
                (4 * p + 4 * j + 6 * (p + j) * n["ppo_epochs"]) * n["rollout"]
                + 6 * p * n["rehearsal"]
            ),
        }
