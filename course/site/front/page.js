// What all pages share: their words (../words.js has them), and numbers as people read them.
export const _ = (text, fields) => self.courseSays(text, fields);
export const N_ = (text) => text; // marks a text that is translated where it is shown
export const percent = (share) => `${Math.round(100 * share)}%`;
