// A page loads the scripts of what is on it: what to look for → the module beside this file.
// In a function, since another script of the theme has a `_` of its own.
(() => {
  const SCRIPTS = { ".tag_lab-answer": "lab.js", "#talk": "chat.js", "#slider": "slider.js" };

  const _ = self.courseSays;
  const beside = (name) => new URL(name, document.querySelector('script[src*="site.js"]').src).href;
  window.addEventListener("DOMContentLoaded", () => {
    for (const [what, name] of Object.entries(SCRIPTS)) {
      const place = document.querySelector(what);
      if (place && location.protocol === "file:") {
        const text = _(
          "What one answers and clicks here works when it is shown with: python3 start.py site --serve",
        );
        place.before(Object.assign(document.createElement("p"), { textContent: text }));
      } else if (place) import(beside(name));
    }
  });

  // The theme's search dialogue gets a search that answers while one types, and knows forms of words.
  window.addEventListener("DOMContentLoaded", () => {
    const dialog = document.querySelector("#pst-search-dialog");
    if (!dialog) return;
    const root = document.documentElement.dataset.content_root || "./";
    const made = (kind, values) => Object.assign(document.createElement(kind), values);
    const add = (kind, values) => document.head.append(made(kind, values));
    add("link", { rel: "stylesheet", href: `${root}pagefind/pagefind-ui.css` });
    add("script", {
      src: `${root}pagefind/pagefind-ui.js`,
      onload: () => {
        for (const form of dialog.children) form.hidden = true; // the theme wants to find its input
        dialog.append(made("div", { id: "find" }));
        new PagefindUI({ element: "#find", showImages: false, showSubResults: true });
        new MutationObserver(() => dialog.open && dialog.querySelector("#find input").focus())
          .observe(dialog, { attributes: true, attributeFilter: ["open"] });
      },
    });
  });

  // What is written on the theme's buttons is what a screen reader says.
  window.addEventListener("DOMContentLoaded", () => {
    const named = document.querySelectorAll(".search-button-field, details.hide > summary");
    for (const one of named) one.removeAttribute("aria-label");
  });
})();
