"""Where a run puts its models and records, so that an interrupted run can go on."""

import json
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerFast

from course import paths, records
from course.lm import arithmetic, model
from course.stages.card import card
from course.stages.stage import Figures, Stage, Table


def own_runs() -> Path:
    """Return the folder for the records of one's own runs, next to one's own lessons."""
    return paths.WORK / "runs"


class Store:
    """The folder of a run, and what is shipped if it is to be replaced.

    Parameters
    ----------
    name : str
        "full" or "quick"; each has a folder of its own in ``work/lineage``.
    save : bool
        Also replace the shipped models and records.
    tokenizer : PreTrainedTokenizerFast
        Kept with each model.
    table : Table
        The stages and their models.
    """

    def __init__(
        self, name: str, save: bool, tokenizer: PreTrainedTokenizerFast, table: Table
    ) -> None:
        self.folder, self.save = paths.WORK / "lineage" / name, save
        self.tokenizer = tokenizer
        self.makers = {m.name: (stage, m) for stage in table.values() for m in stage.models}
        self.kept: list[str] = []  # names of the models that this run has written
        self.state = self.folder / "finished.json"

    def keep(self, name: str, made: PreTrainedModel, figures: Figures) -> None:
        """Write a model that is done, if it is one of those that are kept."""
        if name not in self.makers:
            return
        stage, about = self.makers[name]
        text = card(stage, about, figures)
        model.save(made, self.tokenizer, self.folder / name, text)
        self.kept.append(name)
        if self.save and about.shipped:
            model.save(made, self.tokenizer, paths.MODELS / name, text)
        if about.recorded:
            self.write(name, figures)

    def record(self, stage: Stage, figures: Figures) -> None:
        """Write the record of a stage, if it has one."""
        if stage.record:
            self.write(stage.record, figures)

    def write(self, record: str, figures: Figures) -> None:
        """Write a record: the shipped one, or one's own; it names the format and the processor.

        A study of another real model than the shipped records' says so by ``variant``.
        """
        folder = paths.RUNS if self.save else own_runs() / figures.get("variant", "")
        records.write(record, figures | arithmetic.noted(), folder=folder)

    def finished(self, key: str) -> dict[str, Figures]:
        """Return the stages that an interrupted run of the same kind has finished."""
        try:
            found = json.loads(self.state.read_text(encoding="utf-8"))
            done, kept = found["stages"], [*found["models"]]
            same = found["key"] == key
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        if not same:
            return {}
        self.kept = kept
        return done

    def models(self) -> dict[str, PreTrainedModel]:
        """Return the models that the run has written, before and after an interruption.

        No others: an earlier run may have left models of later stages in the folder.
        """
        folders = [self.folder / name for name in self.kept]
        return {f.name: model.load(f)[0] for f in folders if f.exists()}

    def note(self, key: str, done: dict[str, Figures]) -> None:
        """Write down which stages are finished, in one step."""
        found = {"key": key, "stages": done, "models": self.kept}
        paths.write(self.state, json.dumps(found))

    def forget(self) -> None:
        """Forget the stages: the run is complete."""
        self.state.unlink(missing_ok=True)
