"""The studies: what one lesson measures, in the same form as the stages of the lineage.

A study ships no model and is in no whole run; its record is what the lesson prints and draws.
``measure`` is another matter: it has no record of its own and corrects those of the base models.
Here are descriptions only, as in `course.stages.stage`, and reading them doesn't load torch.
"""

from dataclasses import dataclass

from course.language import N_
from course.stages.stage import (
    DPO,
    LINEAGE,
    LORA,
    PPO,
    REWARD,
    RLOO,
    SFT,
    Place,
    Stage,
    Work,
    table,
)


@dataclass(frozen=True)
class Study(Stage):
    """A stage that ships no model."""

    whole: bool = False


def _feedme() -> Work:
    from course.studies import l05_feedme

    return l05_feedme.WORK


def _epochs() -> Work:
    from course.studies import l05_feedme

    return l05_feedme.EPOCHS


def _calibration() -> Work:
    from course.studies import l05_calibration

    return l05_calibration.WORK


def _beta() -> Work:
    from course.studies import l07_prices

    return l07_prices.WORK


def _league() -> Work:
    from course.studies import l08_league

    return l08_league.WORK


def _checkpoints() -> Work:
    from course.studies import l08_checkpoints

    return l08_checkpoints.WORK


def _frontier() -> Work:
    from course.studies import l09_frontier

    return l09_frontier.WORK


def _smollm2() -> Work:
    from course.studies import l08_smollm2

    return l08_smollm2.WORK


def _transfer() -> Work:
    from course.studies import l02_transfer

    return l02_transfer.WORK


def _fine_tuning() -> Work:
    from course.studies import l03_ways

    return l03_ways.WORK


def _guide() -> Work:
    from course.studies import l03_adapter

    return l03_adapter.WORK


def _smollm2_dpo() -> Work:
    from course.studies import l09_smollm2_dpo

    return l09_smollm2_dpo.WORK


def _smollm2_sft() -> Work:
    from course.studies import l05_real_sft

    return l05_real_sft.WORK


def _smollm2_reading() -> Work:
    from course.studies import l07_real_reading

    return l07_real_reading.WORK


def _smollm2_ppo() -> Work:
    from course.studies import l07_real_rloo

    return l07_real_rloo.WORK


def _smollm2_safety() -> Work:
    from course.studies import l08_real_safety

    return l08_real_safety.WORK


def _smollm2_reward() -> Work:
    from course.studies import l06_real_reward

    return l06_real_reward.WORK


def _parts() -> Work:
    return Work(lambda run: {})  # its parts are run in its place


def _sweep() -> Work:
    from course.studies import l01_sizes

    return l01_sizes.WORK


def _measure() -> Work:
    from course.stages import base

    return base.MEASURE


STUDIES = table(
    Study(
        name="feedme",
        about="fine-tuning on one's own best answers",
        lesson="05_instruction_following",
        work=_feedme,
        record="feedme",
        shown=tuple(
            "base_following base_refusal base_false_premise few_shot_following few_shot_refusal "
            "few_shot_false_premise sft_following sft_refusal sft_false_premise feedme_following "
            "feedme_refusal feedme_false_premise seconds requests samples least marks kept "
            "kept_by_kind kept_right shots".split()
        ),
        needs=("base", "sft"),
        exercises=(SFT,),
    ),
    Study(
        name="epochs",
        about="many rounds over few demonstrations",
        lesson="05_instruction_following",
        work=_epochs,
        record="epochs",
        shown=("seconds", "last_loss", "best_loss"),
        needs=("base",),
        exercises=(SFT,),
    ),
    Study(
        name="calibration",
        about="how sure models are, and how often right",
        lesson="05_instruction_following",
        work=_calibration,
        record="calibration",
        shown=tuple(
            "babbage_web sft_web instruct_web babbage_demonstrations sft_demonstrations "
            "instruct_demonstrations count seconds".split()
        ),
        needs=("base", "sft", "ppo"),
    ),
    Study(
        name="beta",
        about="PPO at several prices",
        lesson="07_rlhf_ppo",
        work=_beta,
        record="beta",
        shown=("batch", "seed", "true_free", "true_wary", "true_best", "seconds"),
        needs=("sft", "reward"),
        exercises=(REWARD, PPO),
    ),
    Study(
        name="league",
        about="all models answer the same requests",
        lesson="08_chatgpt",
        work=_league,
        record="league",
        shown=tuple(
            "names requests wins wins_intervals wins_first ties ratings ratings_intervals asked "
            "seed seconds".split()
        ),
        needs=("base", "sft", "ppo", "chat", "headline"),
    ),
    Study(
        name="checkpoints",
        about="one request along the way from step 0 to chat",
        lesson="08_chatgpt",
        work=_checkpoints,
        record="checkpoints",
        shown=("stops", "entropy", "seed", "seconds"),
        needs=("base", "sft", "reward", "ppo", "chat"),
        exercises=(SFT, PPO),
    ),
    Study(
        name="frontier",
        about="PPO, DPO and best-of-n on one picture",
        lesson="09_what_came_next",
        work=_frontier,
        record="frontier",
        shown=tuple(
            "rankings requests seed true_start true_best_of true_dpo true_ppo_free true_ppo "
            "true_of_best_proxy seconds".split()
        ),
        needs=("sft",),
        exercises=(REWARD, PPO, DPO),
        place=Place("next", N_("what next"), 2, 3, "sft", words=N_("other ways: DPO")),
    ),
    Study(
        name="smollm2",
        about="a real model and lesson 08's comparisons",
        lesson="08_chatgpt",
        work=_smollm2,
        record="smollm2",
        shown=("model", "source", "new_tokens", "rates", "seconds"),
    ),
    Study(
        name="transfer",
        about="few labels, with and without pre-training",
        lesson="02_transfer_learning",
        work=_transfer,
        record="transfer",
        shown=("gain_pictures", "gain_notes", "seconds"),
        place=Place("transfer", N_("transfer"), 1, 1, "base", words=N_("few labels")),
    ),
    Study(
        name="fine_tuning",
        about="ways to fine-tune, and sizes",
        lesson="03_fine_tuning",
        work=_fine_tuning,
        record="fine_tuning",
        shown=("base_web_loss", "parameters_with_embeddings", "tests", "seed", "seconds"),
        needs=("base",),
        exercises=(LORA,),
    ),
    Study(
        name="guide",
        about="a real model learns to be the village's guide",
        lesson="03_fine_tuning",
        work=_guide,
        record="guide",
        shown=tuple(
            "model source facts wordings trained right_before right far_right unseen_right tone "
            "ordinary_tone loss_before loss forgotten adapter_mb peft_difference off_difference "
            "memory_mb computing seconds".split()
        ),
        exercises=(LORA,),
    ),
    Study(
        name="smollm2_dpo",
        about="a real model, DPO on recorded pairs",
        lesson="09_what_came_next",
        work=_smollm2_dpo,
        record="smollm2_dpo",
        shown=tuple(
            "model source pairs questions beta win_dpo win_best_of intervals kl kl_error "
            "kl_best_of untouched dpo memory_mb computing seconds".split()
        ),
        exercises=(DPO,),
    ),
    Study(
        name="smollm2_sft",
        about="a real model, its template, and the mask of SFT",
        lesson="05_instruction_following",
        work=_smollm2_sft,
        record="smollm2_sft",
        shown=tuple(
            "model source demonstrations questions template bare masked unmasked gain only_masked "
            "only_unmasked losses memory_mb computing seconds".split()
        ),
        exercises=(SFT,),
    ),
    Study(
        name="smollm2_reward",
        about="a reward model on a real model's replies",
        lesson="06_human_feedback",
        work=_smollm2_reward,
        record="smollm2_reward",
        shown=tuple(
            "model source pairs held_out_pairs agreement agreement_interval ceiling below_ceiling "
            "clear words_up words_down memory_mb computing seconds".split()
        ),
        exercises=(REWARD,),
    ),
    Study(
        name="smollm2_ppo",
        about="a real model learns from a reward, with a price and without",
        lesson="07_rlhf_ppo",
        work=_smollm2_ppo,
        record="smollm2_ppo",
        shown=tuple(
            "model source method beta rollouts replies reward_gain win free_reward free_win "
            "untouched memory_mb computing seconds".split()
        ),
        exercises=(RLOO,),
    ),
    Study(
        name="smollm2_reading",
        about="a real model learns from a reward that reads the message",
        lesson="07_rlhf_ppo",
        work=_smollm2_reading,
        record="smollm2_reading",
        shown=tuple(
            "model source method beta rollouts replies reward_model untouched reading reward_gain "
            "win memory_mb computing seconds".split()
        ),
        exercises=(REWARD, RLOO),
    ),
    Study(
        name="smollm2_safety",
        about="a small safety tuning of a real model",
        lesson="08_chatgpt",
        work=_smollm2_safety,
        record="smollm2_safety",
        shown=tuple(
            "model source demonstrations rates refusal_before refusal refusal_alone "
            "over_refusal_before over_refusal over_refusal_alone memory_mb computing "
            "seconds".split()
        ),
        exercises=(SFT,),
    ),
    Study(
        name="real",
        about="all trainings of the real model, one after the other",
        lesson="03_fine_tuning",
        work=_parts,
        record="",
        shown=("seconds",),
        parts=tuple(
            "guide smollm2_sft smollm2_reward smollm2_ppo smollm2_reading smollm2_safety "
            "smollm2_dpo".split()
        ),
    ),
    Study(
        name="sweep",
        about="six small base models",
        lesson="01_pretraining",
        work=_sweep,
        record="sweep",
        shown=("entropy", "tokens", "seconds"),
    ),
    Study(
        name="measure",
        about="the shipped base models, measured again",
        lesson="01_pretraining",
        work=_measure,
        record="",
        shown=(*(made.name for made in LINEAGE["base"].models), "seconds"),
    ),
)
ALL = LINEAGE | STUDIES  # what ``course lineage --stage`` knows
