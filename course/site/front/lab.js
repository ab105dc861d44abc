// The exercises of a lesson's page: an editor in place of each answer's cell.
import { python } from "@codemirror/lang-python";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";

export { EditorState, EditorView, python };
