// "What this site knows about you": the browser forgets with the site.
(function () {
  "use strict";

  const form = document.querySelector("[data-forget]");

  // All ids and choices of unt.js, whichever prefix they are kept for.
  const ours = /^(tracker-uuid|unt)(\.[^:]*)?(:|$)/;
  const choices = /:(off|consent|gate)$/;

  function wipe(never) {
    const keys = Object.keys(localStorage).filter((key) => ours.test(key));
    const sites = new Set([""]);

    keys.forEach((key) => {
      sites.add((ours.exec(key)[2] || ""));

      if (!choices.test(key)) {
        localStorage.removeItem(key);
      }
    });

    if (never) {
      sites.forEach((site) => localStorage.setItem("unt" + site + ":off", "1"));
    }
  }

  if (form) {
    form.querySelector("[data-never]").hidden = false;
    form.addEventListener("submit", () => {
      try {
        wipe(form.elements.never.checked);
      } catch {
        // A browser that keeps nothing has nothing to wipe.
      }
    });
  }
})();
