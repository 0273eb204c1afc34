// unt.js: tells the site which pages were seen, and never loses one on the way.

import { calls } from "./calls.js";
import { watchClicks } from "./clicks.js";
import { attempt, page, settings } from "./page.js";

attempt(() => {
  let { UNT, unt } = page;
  // Included twice, it counts once.
  if (!UNT || !UNT.open) {
    UNT = page.UNT = attempt.bind(0, calls.view, "call");
    for (const name in calls) UNT[name] = attempt.bind(0, calls[name]);
    page.registerEmail = UNT.email;
    watchClicks();

    /** @param {[string]} call */
    const push = ([name, ...given]) => attempt(UNT[name], ...given);
    page.unt = { push };
    attempt(() => unt.forEach(push));
  }
  if ("auto" in settings) UNT.open();
});
