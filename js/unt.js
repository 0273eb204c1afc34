// unt.js: tells the site which pages were seen, and never loses one on the way.

import { calls } from "./calls.js";
import { watchClicks } from "./clicks.js";
import { attempt, safe, settings } from "./page.js";

/** @type {any} */
const page = window;

attempt(() => {
  let { UNT, unt } = page;
  // Included twice, it counts once.
  if (!UNT || !UNT.open) {
    UNT = page.UNT = safe((/** @type {string} */ server) => calls.view("call", server));
    for (const name in calls) UNT[name] = safe(calls[name]);
    page.registerEmail = UNT.email;
    watchClicks();

    const push = safe((/** @type {[string]} */ [name, ...given]) => UNT[name](...given));
    page.unt = { push };
    if (Array.isArray(unt)) unt.forEach(push);
  }
  if ("auto" in settings) UNT.open();
});
