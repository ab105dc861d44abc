# %% a list of meetings
# Each stage is a list of (parameters, tokens, operations a token and parameter).
def stage_flops(policy, judge, plan):
    c, r, k = plan["compared"], plan["rollout"], plan["ppo_epochs"]
    meetings = {
        "pretraining": [(policy, plan["pretraining"], 6)],
        "sft": [(policy, plan["sft"], 6)] * plan["sft_epochs"],
        "reward": [(policy, c, 2)] + [(judge, c, 6)] * plan["reward_epochs"],
        "dpo": [(policy, c, 2)] * 2 + [(policy, c, 6)] * plan["dpo_epochs"],
        "ppo": [(policy, r, 2), (policy, r, 2), (judge, r, 2), (judge, r, 2)]
        + [(policy, r, 6), (judge, r, 6)] * k
        + [(policy, plan["rehearsal"], 6)],
    }
    return {name: float(sum(n * d * each for n, d, each in some)) for name, some in meetings.items()}


# %% numpy floats
# All numbers made real first.
def stage_flops(policy, judge, plan):
    n, j = np.float64(policy), np.float64(judge)
    p = {key: np.float64(value) for key, value in plan.items()}
    return {
        "pretraining": 6 * n * p["pretraining"],
        "sft": 6 * n * p["sft"] * p["sft_epochs"],
        "reward": 2 * n * p["compared"] + 6 * j * p["compared"] * p["reward_epochs"],
        "dpo": n * p["compared"] * (4 + 6 * p["dpo_epochs"]),
        "ppo": (n + j) * p["rollout"] * (4 + 6 * p["ppo_epochs"]) + 6 * n * p["rehearsal"],
    }
