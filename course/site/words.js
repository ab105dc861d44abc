// The words of a page in its language: courseSays("{n} of {of}", { n: 1, of: 3 }). Texts are English
// where they are written; words.py puts what is known of another language in here. A page loads this
// before all other scripts, which call it `_`.
(() => {
  const WORDS = {};
  self.courseSays = (text, fields = {}) =>
    (WORDS[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => fields[name] ?? all);
})();
