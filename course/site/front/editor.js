// An editor for Python: CodeMirror 6 with what an exercise needs and no more.
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

// `label` is what a screen reader reads; `run` is called by Ctrl-Enter and Shift-Enter, `typed`
// after each change by hand, `focused` when the editor gets the focus.
export function editor(parent, { label, code, run, typed, focused }) {
  const act = () => (run(), true);
  const view = new EditorView({
    parent,
    doc: code,
    extensions: [
      keymap.of([{ key: "Mod-Enter", run: act }, { key: "Shift-Enter", run: act }]),
      lineNumbers(),
      history(),
      drawSelection(),
      bracketMatching(),
      indentOnInput(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      python(),
      syntaxHighlighting(classHighlighter), // colours are in lab.css, for light and dark
      EditorView.lineWrapping, // else it scrolls out of the keyboard's reach
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
      keymap.of([indentWithTab, ...historyKeymap, ...defaultKeymap]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) typed();
        if (update.focusChanged && update.view.hasFocus) focused();
      }),
    ],
  });
  return view;
}

// Put other text in; Ctrl-Z brings the old one back.
export function replace(view, code) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: code } });
}
