// unt.js: tells the site which pages were seen, and never loses one on the way.

import { identify, registerEmail, track } from "./calls.js";
import { consent, optOut, reset } from "./choices.js";
import { watchClicks } from "./clicks.js";
import { attempt, home, settings } from "./page.js";
import { setHook } from "./queue.js";
import { aim, send } from "./sender.js";
import { call, isOpen, open } from "./views.js";
import { known, visitor } from "./visitor.js";

/** @type {any} */
const page = window;

/** @type {Record<string, (...given: any[]) => unknown>} */
const calls = {
  before: setHook,
  consent,
  email: registerEmail,
  flush: () => send(true),
  id: () => (known() ? visitor() : null),
  identify,
  open,
  optOut,
  reset,
  track,
  view: call,
};

/**
 * The same call, which answers undefined rather than throw into the page.
 *
 * @param {(...given: any[]) => unknown} work
 * @returns {(...given: any[]) => unknown}
 */
const safe =
  (work) =>
  (...given) =>
    attempt(() => work(...given));

function install() {
  page.UNT = safe((server) => {
    if (server && !isOpen()) aim(server);
    call();
  });
  aim(settings.server || home);
  for (const name in calls) page.UNT[name] = safe(calls[name]);
  page.registerEmail = page.UNT.email;
  watchClicks();

  const waiting = page.unt;
  const push = safe(([name, ...given]) => page.UNT[name](...given));
  page.unt = { push };
  if (Array.isArray(waiting)) waiting.forEach(push);
}

attempt(() => {
  // Included twice, it counts once.
  if (!page.UNT || !page.UNT.open) install();
  if ("auto" in settings) page.UNT.open();
});
