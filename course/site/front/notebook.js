// The released notebook: its exercises, and a copy of it with somebody's answers.
import { _ } from "./page.js";

const marks = (cell) => cell?.metadata?.nbgrader ?? {};
export const text = (cell) => {
  const source = cell?.source ?? "";
  return Array.isArray(source) ? source.join("") : String(source);
};

// All exercises in order: { id, name, stub, points, checks: [{ id, source, points }], ordinary }.
export function exercises(notebook) {
  const found = new Map();
  const ordinary = [];
  let setup = "";
  for (const cell of notebook.cells) {
    const { grade, solution, grade_id: name, points } = marks(cell);
    if (cell.cell_type !== "code") continue;
    if (cell.id === "setup") setup = text(cell);
    else if (solution) {
      found.set(name, { id: cell.id, name, stub: text(cell), points: 0, checks: [] });
    } else if (grade) {
      const mine = found.get(name.replace(/_\d+$/, ""));
      if (!mine) continue;
      mine.checks.push({ id: cell.id, source: text(cell), points });
      mine.points += points;
      mine.ordinary = [...ordinary];
    } else ordinary.push(text(cell));
  }
  return [...found.values()].map((one) => ({ ...one, setup }));
}

// What an exercise is: if it changes, an answer that was saved is for another one.
export const version = ({ stub, checks }) => JSON.stringify([stub, checks.map((c) => c.source)]);

// The released notebook's text with answers (cell id → code) in their cells, and nothing else.
export function exported(release, answers) {
  const notebook = JSON.parse(release);
  for (const cell of notebook.cells) {
    if (!marks(cell).solution || answers[cell.id] === undefined) continue;
    const code = answers[cell.id];
    cell.source = Array.isArray(cell.source) ? code.match(/[^\n]*\n|[^\n]+$/g) ?? [] : code;
  }
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

// The answers (name → code) in a notebook that somebody opens here; an error if it is none.
export function imported(content, name) {
  let notebook;
  try {
    notebook = JSON.parse(content);
  } catch {
    notebook = null;
  }
  if (!Array.isArray(notebook?.cells)) {
    throw new Error(_("{name} isn't a notebook: nothing was changed.", { name }));
  }
  const found = {};
  for (const cell of notebook.cells) {
    const { solution, grade_id: exercise } = marks(cell);
    if (solution && typeof exercise === "string") found[exercise] = text(cell);
  }
  return found;
}
