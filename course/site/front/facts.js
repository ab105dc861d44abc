// Which sentences of a text state a fact of the village, and whether they are true: as
// `course.world.labeler.statement` reads them, from the same words and facts (see
// course/site/models.py). Left out on purpose, as there: sentences with a pronoun.
import { _ } from "./page.js";

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const oneOf = (name, options) =>
  `(?<${name}>${[...options].sort((a, b) => b.length - a.length).map(escaped).join("|")})`;

// Returns a function: text → pieces of it in order, [piece, true | false | null].
export function judge({ statements, subjects, attributes, options, values }) {
  const patterns = [];
  for (const [kind, names] of Object.entries(subjects))
    for (const attribute of attributes[kind])
      for (const template of statements[attribute]) {
        const [before, between, after] = template.split(/\{[nv]\}/).map(escaped);
        const n = oneOf("n", [...names, ...names.map(capital)]);
        const v = oneOf("v", options[attribute]);
        patterns.push([attribute, new RegExp(`^${before}${n}${between}${v}${after}$`)]);
      }

  function truth(sentence) {
    for (const [attribute, pattern] of patterns) {
      const found = sentence.match(pattern)?.groups;
      if (!found) continue;
      const name = found.n in values ? found.n : found.n[0].toLowerCase() + found.n.slice(1);
      return values[name][attribute] === found.v;
    }
    return null;
  }

  return (text) =>
    (text.match(/\s*[^.!?\n]*[.!?\n]?/g) ?? []).flatMap((sentence) => {
      const bare = sentence.trimStart();
      const space = sentence.slice(0, sentence.length - bare.length);
      return [[space, null], [bare, truth(bare.trimEnd())]].filter(([piece]) => piece);
    });
}

// Puts a text with its marks into an element; what a mark says is there in words, too.
export function mark(element, pieces) {
  element.replaceChildren(
    ...pieces.map(([piece, true_]) => {
      if (true_ === null) return piece;
      const marked = document.createElement("span");
      marked.className = true_ ? "fact true" : "fact false";
      const sign = document.createElement("b");
      sign.textContent = true_ ? " ✓" : " ✗";
      sign.setAttribute("role", "img");
      sign.setAttribute("aria-label", true_ ? _("true") : _("false"));
      marked.append(piece, sign);
      return marked;
    }),
  );
}
