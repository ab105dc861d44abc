"""THE table of the lineage: each stage once, with all that the course says of it.

From it are made the names and the help of ``course lineage --stage``, what that prints and records,
the models' cards, the picture of the lineage, README's tables, the chat box's list, the league and
the models' colours. `course.studies.registry` adds the studies, in the same form.

Here are descriptions only. What a stage does is in a module of its own, which ``work`` imports when
it is called: so the table can be read without loading torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course.language import N_

if TYPE_CHECKING:
    from course.stages.context import Run

Figures = dict[str, Any]
Needed = tuple[str, ...]  # a lesson and names of its exercises, as `exercises.load` takes them

LORA = ("03_fine_tuning", "lora_forward")
SFT = ("05_instruction_following", "loss_mask", "sft_loss")
REWARD = ("06_human_feedback", "reward_loss")
PPO = (
    "07_rlhf_ppo",
    "token_logprobs",
    "kl_penalised_rewards",
    "gae",
    "ppo_loss",
    "value_loss",
)
RLOO = ("07_rlhf_ppo", "kl_penalised_rewards", "ppo_loss")
DPO = ("09_what_came_next", "dpo_loss")
GRPO = ("09_what_came_next", "group_advantages", "grpo_loss")

SMALL, LARGE = "mini-ada", "mini-davinci"  # who meet in the headline


@dataclass(frozen=True)
class Work:
    """What an entry does: a function, and its plan (how much of everything, and how).

    Parameters
    ----------
    run : callable
        (`course.stages.context.Run`) → figures: plain data, as the record holds them.
    full, quick : object
        The plan of a full and of a quick run, of whatever kind the function wants; without one of
        its own a quick run has the full one.
    """

    run: Callable[["Run"], Figures]
    full: Any = None
    quick: Any = None

    def plan(self, quick: bool) -> Any:
        """Return the plan of a quick run, or of a full one."""
        return self.quick if quick and self.quick is not None else self.full


@dataclass(frozen=True)
class Real:
    """A box of the real family in the picture.

    Parameters
    ----------
    name, line : str
        What is in the box.
    column, row : int
        From the left and from above, both from 0.
    after : Real, optional
        The model that it was trained on from.
    sibling : Real, optional
        A model that was made by the same method from another one.
    """

    name: str
    line: str
    column: int
    row: int = 0
    after: "Real | None" = None
    sibling: "Real | None" = None


GPT3 = Real("GPT-3", N_("May 2020"), 0)
CODEX = Real("Codex", N_("July 2021"), 0, 1, after=GPT3)
INSTRUCT_GPT = Real("InstructGPT", N_("January 2022"), 1, after=GPT3)
GPT35 = Real("GPT-3.5", N_("which one isn't said"), 2, 1)
CHATGPT = Real("ChatGPT", N_("November 2022"), 2, after=GPT35, sibling=INSTRUCT_GPT)


@dataclass(frozen=True)
class Place:
    """A box in the picture of the lineage.

    Parameters
    ----------
    lit : str
        What the entry is called in ``show.lineage(lit=…)``.
    title : str
        What is in the box, after the lesson's number.
    column, row : int
        From the left and from above, both from 0.
    after : str
        The entry whose model it trains on from; an arrow comes from there.
    judge : str
        The entry whose model scores its answers; a dashed arrow comes from there.
    words : str
        One more line or two.
    real : Real, optional
        The real model that the entry corresponds to.
    """

    lit: str
    title: str
    column: int
    row: int = 0
    after: str = ""
    judge: str = ""
    words: str = ""
    real: Real | None = None


@dataclass(frozen=True)
class Model:
    """A model that a stage makes and keeps.

    Parameters
    ----------
    name : str
        ``mini-…``; a size of another model has the size inside, as ``mini-ada-instruct``.
    about : str
        What it is: the beginning of its card, a format string over the stage's figures.
    base : bool
        It goes on with text and has no turns.
    chats : bool
        It is one of the chat box.
    league : tuple of str
        How it is asked in the league: in the chat "template", as bare "text", with "shots"; () if
        it doesn't play.
    shipped : bool
        It belongs into ``data/models``, not only into the folder of the run.
    recorded : bool
        It has a record of its own, in addition to its stage's.
    unseen : str
        What of the test split no training has seen, as a clause.
    row, measured : str, tuple of str
        Words after its name in README's table, and where its rates are: a record and keys in it;
        () if it isn't there.
    """

    name: str
    about: str
    base: bool = False
    chats: bool = True
    league: tuple[str, ...] = ("template",)
    shipped: bool = True
    recorded: bool = False
    unseen: str = (
        "no demonstration, comparison or request of the training asks about its people, but web "
        "text tells of them"
    )
    row: str = ""
    measured: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """What ``course lineage --stage`` can run.

    Parameters
    ----------
    name : str
        What it is called there.
    about : str
        What it does, in one line of help.
    lesson : str
        The lesson that it belongs to.
    work : callable
        Returns the `Work`; imports what is slow to import.
    record : str
        The name of its record; "" if its models have one each and it has none.
    shown : tuple of str
        The figures that are printed; the record holds all.
    needs : tuple of str
        The stages whose models it starts from.
    exercises : tuple of Needed
        What has to be answered.
    models : tuple of Model
        What it makes and keeps.
    place : Place, optional
        Where it is in the picture.
    whole : bool
        Whether a whole run has it.
    parts : tuple of str
        The entries that are run in its place, one after the other; () for an entry of its own.
    """

    name: str
    about: str
    lesson: str
    work: Callable[[], Work]
    record: str
    shown: tuple[str, ...]
    needs: tuple[str, ...] = ()
    exercises: tuple[Needed, ...] = ()
    models: tuple[Model, ...] = ()
    place: Place | None = None
    whole: bool = True
    parts: tuple[str, ...] = ()


Table = Mapping[str, Stage]


def table(*stages: Stage) -> dict[str, Stage]:
    """Return stages by name, in order."""
    return {stage.name: stage for stage in stages}


def whole(stages: Table) -> list[str]:
    """Return the stages of a whole run, in order."""
    return [name for name, stage in stages.items() if stage.whole]


def before(stages: Table, name: str) -> list[str]:
    """Return all that a stage needs, and what that needs in turn, in order."""
    found, left = set(), [*stages[name].needs]
    while left:
        one = left.pop()
        found.add(one)
        left += stages[one].needs
    return [each for each in stages if each in found]


def kin(name: str) -> str:
    """Return the model whose way of training a model shares: ``mini-instruct`` of a size of it."""
    return "mini-" + name.rsplit("-", 1)[-1]


def models(stages: Table) -> dict[str, Model]:
    """Return all models by name, in the table's order, but sizes of a model just before it."""
    found = {m.name: m for stage in stages.values() for m in stage.models}
    order = {name: i for i, name in enumerate(found)}

    def place(name: str) -> tuple[int, bool]:
        return order.get(kin(name), order[name]), name == kin(name)

    return {name: found[name] for name in sorted(found, key=place)}


def help_of(stages: Table) -> str:
    """Return what ``--stage`` may be: a line each, a whole run's stages first."""
    parts = whole(stages)
    groups = {
        N_("A whole run's stages:"): parts,
        N_("What else can be run:"): [name for name in stages if name not in parts],
    }
    return "\n\n".join(
        "\b\n" + "\n".join([title, *(f"  {name}: {stages[name].about}" for name in names)])
        for title, names in groups.items()
        if names
    )


# The table ----------------------------------------------------------------------------------------


def _base() -> Work:
    from course.stages import base

    return base.WORK


def _code() -> Work:
    from course.stages import code_stage

    return code_stage.WORK


def _sft() -> Work:
    from course.stages import sft_stage

    return sft_stage.WORK


def _reward() -> Work:
    from course.stages import reward_stage

    return reward_stage.WORK


def _ppo() -> Work:
    from course.stages import ppo_stage

    return ppo_stage.WORK


def _hacking() -> Work:
    from course.stages import hacking

    return hacking.WORK


def _chat() -> Work:
    from course.stages import chat

    return chat.WORK


def _headline() -> Work:
    from course.stages import headline

    return headline.WORK


def _grpo() -> Work:
    from course.stages import grpo_stage

    return grpo_stage.WORK


def _pretrained(name: str, league: tuple[str, ...] = ("text",), **more: Any) -> Model:
    about = (
        "A GPT of {layers} layers × {width} ({parameters:,} parameters without embeddings), "
        "pre-trained. It goes on with text; it doesn't answer, and a third of what its forum posts "
        "claim is false."
    )
    return Model(name, about, base=True, league=league, recorded=True, **more)


LINEAGE = table(
    Stage(
        name="base",
        about="pre-training; with --all-sizes all four models",
        lesson="01_pretraining",
        work=_base,
        record="",
        shown=tuple("name parameters seconds loss entropy error ratio recall sizes".split()),
        place=Place("pre-training", N_("base"), 0, real=GPT3),
        models=(
            _pretrained("mini-ada"),
            _pretrained("mini-babbage", row=", base", measured=("mini-sft", "rates_base")),
            _pretrained("mini-curie"),
            _pretrained("mini-davinci", league=("text", "shots")),
        ),
    ),
    Stage(
        name="code",
        about="fine-tuning on tiny programs",
        lesson="03_fine_tuning",
        work=_code,
        record="mini-code",
        shown=tuple(
            "base_pass_at_1 base_pass_at_10 base_greedy few_shot_pass_at_1 few_shot_pass_at_10 "
            "pass_at_1 pass_at_10 greedy base_web_loss web_loss seconds intervals tests pairs "
            "epochs parameters seed".split()
        ),
        needs=("base",),
        place=Place("fine-tuning", N_("code"), 1, 2, "base", real=CODEX),
        models=(
            Model(
                "mini-code",
                "Fine-tuned from mini-babbage on tiny programs that comments ask for.",
                league=(),
                unseen="no training has seen its programs",
            ),
        ),
    ),
    Stage(
        name="sft",
        about="supervised fine-tuning on flawed demonstrations",
        lesson="05_instruction_following",
        work=_sft,
        record="mini-sft",
        shown=("base_following", "following", "seconds", "rates", "parameters"),
        needs=("base",),
        exercises=(SFT,),
        place=Place("instruction", "SFT", 1, 0, "base", real=INSTRUCT_GPT),
        models=(
            Model(
                "mini-sft",
                "Fine-tuned from mini-babbage on flawed demonstrations.",
                measured=("mini-chat", "rates", "sft"),
            ),
        ),
    ),
    Stage(
        name="reward",
        about="a reward model from rankings",
        lesson="06_human_feedback",
        work=_reward,
        record="mini-reward",
        shown=tuple(
            "clear noisy ceiling labelers pairs below_ceiling seconds sampling_seconds rankings "
            "answers_ranked labels_each".split()
        ),
        needs=("sft",),
        exercises=(REWARD,),
        place=Place("reward model", N_("reward model"), 2, 0, "sft", real=INSTRUCT_GPT),
        models=(
            Model(
                "mini-reward",
                "A reward model (`course.lm.model.load` opens it): one number for an answer.",
                chats=False,
                league=(),
            ),
        ),
    ),
    Stage(
        name="ppo",
        about="PPO against the reward model",
        lesson="07_rlhf_ppo",
        work=_ppo,
        record="mini-instruct",
        shown=tuple(
            "true_before true_after true_gain truth_before truth_after truth_gain polite refusal "
            "over_refusal refusal_heldout over_refusal_heldout win_vs_sft win_error seconds "
            "rates_before rates parameters beta".split()
        ),
        needs=("sft", "reward"),
        exercises=(PPO,),
        place=Place("PPO", "PPO", 2, 1, "sft", "reward", real=INSTRUCT_GPT),
        models=(
            Model(
                "mini-instruct",
                "Trained from mini-sft by PPO against mini-reward.",
                row=", after PPO",
                measured=("mini-instruct", "rates"),
            ),
        ),
    ),
    Stage(
        name="hacking",
        about="PPO at no price against a plain reward model, and its repair",
        lesson="07_rlhf_ppo",
        work=_hacking,
        record="hacking",
        shown=tuple(
            "proxy_before proxy_after proxy_gain true_before true_after true_drop_errors "
            "clear_honest clear_hacked clear_repaired seconds".split()
        ),
        needs=("sft",),
        exercises=(REWARD, PPO),
    ),
    Stage(
        name="chat",
        about="dialogues, then PPO",
        lesson="08_chatgpt",
        work=_chat,
        record="mini-chat",
        shown=tuple(
            "false_premise sft_false_premise dialogue dialogue_truth refusal over_refusal "
            "refusal_in_talk over_refusal_in_talk false_premise_in_talk seconds rates "
            "parameters".split()
        ),
        needs=("sft", "reward"),
        exercises=(SFT, REWARD, PPO),
        place=Place(
            "chat",
            "chat",
            2,
            2,
            "sft",
            words=N_("own dialogues,\ncomparisons and PPO"),
            real=CHATGPT,
        ),
        models=(
            Model(
                "mini-chat",
                "Fine-tuned from mini-sft on dialogues, then trained by PPO.",
                measured=("mini-chat", "rates", "chat"),
            ),
        ),
    ),
    Stage(
        name="headline",
        about="the smallest model, tuned, meets the largest base model",
        lesson="07_rlhf_ppo",
        work=_headline,
        record="headline",
        shown=tuple(
            "parameter_ratio base_ratio win_zero_shot interval_zero_shot base_rates_zero_shot "
            "truth_zero_shot win_few_shot interval_few_shot base_rates_few_shot truth_few_shot "
            "base_facts intervals rates small seconds shots".split()
        ),
        needs=("base", "reward"),
        exercises=(SFT, PPO),
        models=(
            Model(
                f"{SMALL}-sft",
                f"Fine-tuned from {SMALL} on flawed demonstrations.",
                league=(),
                shipped=False,
            ),
            Model(
                f"{SMALL}-instruct",
                f"Fine-tuned from {SMALL} on flawed demonstrations, then trained by PPO against "
                "mini-reward.",
                recorded=True,
            ),
        ),
    ),
    Stage(
        name="grpo",
        about="GRPO on tiny programs, whose reward is a test that is run",
        lesson="09_what_came_next",
        work=_grpo,
        record="mini-grpo",
        shown=tuple(
            "start_pass_at_1 start_pass_at_10 pass_at_1 pass_at_10 gain flat kl computing seconds "
            "intervals pairs tests parameters seed".split()
        ),
        needs=("base",),
        exercises=(GRPO,),
        whole=False,
        place=Place("GRPO", "GRPO", 1, 3, "base", words=N_("programs that\nare tested")),
        models=(
            Model(
                "mini-grpo",
                "Fine-tuned from mini-babbage on {pairs:,} tiny programs, then trained by GRPO on "
                "programs of its own that are run.",
                league=(),
                unseen="no training has seen its programs",
            ),
        ),
    ),
)
