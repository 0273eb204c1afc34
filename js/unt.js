// unt.js: tells the site which pages were seen, and never loses one on the way.

import { identify, registerEmail, track } from "./calls.js";
import { consent, optOut, reset } from "./choices.js";
import { watchClicks } from "./clicks.js";
import { attempt, settings } from "./page.js";
import { setHook } from "./queue.js";
import { send } from "./sender.js";
import { granted } from "./storage.js";
import { call, isOpen, open, start } from "./views.js";
import { off, visitor } from "./visitor.js";

const auto = "auto" in settings;

/** @type {any} */
const page = window;

/**
 * The same call, which answers undefined rather than throw into the page.
 *
 * @template {any[]} A
 * @template R
 * @param {(...given: A) => R} work
 */
const safe =
  (work) =>
  (/** @type {A} */ ...given) =>
    attempt(() => work(...given));

function install() {
  /** @type {any} */
  const UNT = safe((/** @type {string} */ server) => start(server || settings.server));
  const calls = {
    before: setHook,
    consent,
    email: registerEmail,
    flush: () => send(true),
    id: () => (off() || !granted() ? null : visitor()),
    identify,
    isOpen,
    optOut,
    reset,
    track,
    view: call,
  };
  for (const [name, work] of Object.entries(calls)) {
    UNT[name] = safe(/** @type {(...given: any[]) => unknown} */ (work));
  }

  page.UNT = UNT;
  page.registerEmail = safe(registerEmail);
  watchClicks();
  if (auto) UNT();

  const waiting = page.unt;
  const push = safe((/** @type {[string, ...unknown[]]} */ [name, ...given]) => UNT[name](...given));
  page.unt = { push };
  if (Array.isArray(waiting)) waiting.forEach(push);
}

attempt(() => {
  if (!page.UNT || !page.UNT.track) install();
  else if (auto && !page.UNT.isOpen()) page.UNT();
});
