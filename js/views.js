// Page views, and how long each was read.

import { attempt, elapsed, hidden, on, settings, uuid } from "./page.js";
import { marks, own, record, visitorOf } from "./queue.js";
import { beforeSending, followOthers, send, sendLast, wake } from "./sender.js";
import { granted, leaveTrace, trace } from "./storage.js";
import { off, visitor } from "./visitor.js";

/** @typedef {import("./queue.js").Event} Event */

const TICK = 5e3;
const LONGEST_TICK = 7e3;
const IDLE = 6e4;
const SETTLES = 400;
const AT_ONCE = 1e3;

let started = false;
let gone = false;

// The view that is on: its event, and its key in the queue ("": it does not count).
let view = /** @type {Event} */ ({});
let key = "";
let sent = false;

// Where it is. A replace counts when the path changes, another move when place does.
let path = "";
let place = "";
let href = "";
let strayed = false;

// How it is read.
let at = 0;
let since = 0;
let input = 0;
let reading = false;
let engaged = 0;
let scroll = 0;
let saved = "";

/** A hash that is a route belongs to the address; no other hash leaves the page. */
const route = () => (/^#!?\//.test(location.hash) ? location.hash : "");

const pathNow = () => location.pathname + ("hash" in settings ? location.hash : route());

const placeNow = () => pathNow() + "?" + location.search;

const address = () => (location.href.split("#")[0] + route()).slice(0, 4096);

const title = () => document.title.slice(0, 500);

/** What every event says: its id, and when it was made. */
export function made() {
  const time = Date.now();
  return { id: uuid(time), time, tz: -new Date().getTimezoneOffset() };
}

/** The id of the view that is on, if it is this visitor's. */
export const current = () =>
  visitorOf(key) === visitor() ? view.id : undefined;

/** Remember where the view that is on is. */
function locate() {
  path = pathNow();
  place = placeNow();
  href = location.href;
}

/**
 * @param {string} kind
 * @param {string} [referrer]
 */
function show(kind, referrer) {
  saveLeave();
  view = {
    type: "view",
    ...made(),
    url: address(),
    title: title(),
    referrer: referrer && referrer.slice(0, 2048),
    from: trace() || view.id,
    kind,
    width: screen.width,
    lang: navigator.language,
    status: (!view.id && settings.status && +settings.status) || undefined,
  };
  key = record(view);
  if (key && granted()) leaveTrace(view.id);

  locate();
  at = elapsed();
  engaged = scroll = 0;
  saved = "";
  sent = strayed = false;
}

/**
 * The address changed without a page load.
 *
 * @param {string} kind
 */
function move(kind) {
  if (!view.id || placeNow() === place) return;

  const redirected = elapsed() - at < AT_ONCE;
  if (kind === "replace" && (pathNow() === path || redirected)) {
    strayed = strayed || (sent && pathNow() !== path);
    locate();
    return amend();
  }
  show(kind, href);
  wake(SETTLES);
}

/** Until it is sent, a view takes the address and title that the page settles on. */
function amend() {
  if (sent || !own[key]) return;
  if (view.url === address() && view.title === title()) return;

  view.url = address();
  view.title = title();
  record(view);
}

/** Events leave now: from here on a new title rides on the `leave`. */
function close() {
  amend();
  sent = true;
}

/** How far down the page was seen, in percent. */
function look() {
  const seen = (scrollY + innerHeight) / document.documentElement.scrollHeight;
  scroll = Math.max(scroll, Math.min(100, Math.round(seen * 100)) || 0);
}

/** Add the time since the last call, if the page was being looked at. */
function account() {
  const now = elapsed();
  if (reading) {
    engaged += Math.min(now - Math.max(since, at), LONGEST_TICK);
    look();
  }
  since = now;
  reading = !hidden() && document.hasFocus() && now - input < IDLE;
}

/** Store what the view's `leave` would say now. It is sent with something else. */
function saveLeave() {
  account();
  if (!visitorOf(key)) return;

  const leave = {
    engaged: Math.round(engaged),
    scroll,
    title: sent && !strayed && title() !== view.title ? title() : undefined,
  };
  if (saved === (saved = JSON.stringify(leave))) return;

  const { id, visitor } = view;
  record({ type: "leave", view: id, visitor, time: Date.now(), ...leave });
}

function watchReading() {
  input = since = elapsed();
  on(window, "pointerdown pointermove keydown scroll", ({ type }) => {
    input = elapsed();
    // Asking a page for its position lays it out: only where that was just done.
    if (type === "scroll") look();
  });
  on(window, "focus blur", ({ target }) => target === window && account());
  setInterval(() => attempt(saveLeave), TICK);

  on(document, "visibilitychange", () => {
    account();
    if (!hidden() || gone) return;
    saveLeave();
    send(true);
  });
  on(window, "pagehide", () => {
    saveLeave();
    gone = true;
    sendLast();
  });
  on(window, "pageshow", ({ persisted }) => {
    if (!persisted) return;
    gone = false;
    since = elapsed();
    for (const who in marks) delete marks[who];
    if (view.id) show("bf");
    wake(0);
  });
}

/** The Navigation API tells of moves; history is patched only where it is missing. */
function watchMoves() {
  const { navigation } = /** @type {any} */ (window);
  if (navigation) {
    return on(navigation, "currententrychange", (event) => move(event.navigationType));
  }

  for (const kind of ["push", "replace"]) {
    const name = /** @type {"pushState"} */ (kind + "State");
    const original = history[name];
    history[name] = function (...given) {
      original.apply(this, given);
      attempt(() => move(kind));
    };
  }
  on(window, "popstate hashchange", () => move("traverse"));
}

/** The first view, once the page is really there to be seen. */
function begin() {
  if (view.id) return;
  if (/** @type {any} */ (document).prerendering) {
    return on(document, "prerenderingchange", begin);
  }
  if (hidden()) return on(document, "visibilitychange", begin);

  const [load] = /** @type {any[]} */ (performance.getEntriesByType("navigation"));
  const kinds = { reload: "reload", back_forward: "traverse" };
  const kind = kinds[/** @type {"reload"} */ ((load || {}).type)] || "load";
  show(kind, document.referrer);
  // A script in the head runs before there is a title.
  wake(document.readyState === "loading" ? SETTLES : 0);
}

export const isOpen = () => started;

/** Watch the page, unless that was refused. */
export function open() {
  if (started || off()) return;

  started = true;
  beforeSending(close);
  followOthers();
  watchMoves();
  watchReading();
  begin();
}

/**
 * Record a view now, unless this address was just recorded.
 *
 * @param {string} [kind]
 */
export function call(kind) {
  if (!started) return open();
  if (!view.id || (placeNow() === place && elapsed() - at < AT_ONCE)) return;

  show(kind || "call", href);
  wake(0);
}

/** The view that is on no longer counts: nothing more is said of it. */
export const uncount = () => void (key = "");

/** Count again, the page that is on included. */
export function resume() {
  open();
  if (view.id && !key) show("call");
  wake(0);
}
