// Page views, and how long each was read.

import { attempt, elapsed, hidden, on, settings, uuid } from "./page.js";
import { marks, own, record } from "./queue.js";
import { aim, beforeSending, followOthers, send, sendLast, wake } from "./sender.js";
import { before, leaveTrace } from "./storage.js";
import { off, visitor } from "./visitor.js";

/**
 * @typedef {object} View the page view that is on
 * @property {import("./queue.js").Event} event
 * @property {string} key of the event in the queue, "" when it does not count
 * @property {string} path what a replace must change to count
 * @property {string} place path and search: what any other move must change
 * @property {string} href
 * @property {number} at
 * @property {number} engaged ms
 * @property {number} scroll percent
 * @property {string} saved the leave as last stored
 * @property {boolean} [sent]
 * @property {boolean} [moved] its address changed since it was sent: a title is not its
 */

const TICK = 5e3;
const LONGEST_TICK = 7e3;
const IDLE = 6e4;
const SETTLES = 400;
const AT_ONCE = 1e3;

/** @type {View | undefined} */
let view;
let started = false;
let gone = false;

/** A hash that is a route belongs to the address; no other hash leaves the page. */
const route = () => (/^#!?\//.test(location.hash) ? location.hash : "");

const path = () => location.pathname + ("hash" in settings ? location.hash : route());

const place = () => path() + "\n" + location.search;

const address = () => (location.href.split("#")[0] + route()).slice(0, 4096);

const title = () => document.title.slice(0, 500);

/** Fields of an event that say what it is and when it was made. */
export function made() {
  const time = Date.now();
  return { id: uuid(time), time, tz: -new Date().getTimezoneOffset() };
}

/** The id of the view that is on, if it is this visitor's. */
export const current = () =>
  view && view.key && view.event.visitor === visitor() ? view.event.id : undefined;

/**
 * @param {string} kind
 * @param {string} [referrer]
 */
function show(kind, referrer) {
  saveLeave();
  const { key, event } = record({
    type: "view",
    ...made(),
    url: address(),
    title: title(),
    referrer: referrer ? referrer.slice(0, 2048) : undefined,
    from: before(),
    kind,
    width: screen.width,
    lang: navigator.language,
    status: (!view && Number(settings.status)) || undefined,
  });
  view = {
    event,
    key,
    path: path(),
    place: place(),
    href: location.href,
    at: elapsed(),
    engaged: 0,
    scroll: 0,
    saved: "",
  };
  peak = 0;
  if (event.visitor && key) leaveTrace(event.id);
}

/**
 * The address changed without a page load.
 *
 * @param {string} kind
 */
function move(kind) {
  if (!view || place() === view.place) return;

  if (
    kind === "replace" &&
    (path() === view.path || elapsed() - view.at < AT_ONCE)
  ) {
    if (view.sent) view.moved = view.moved || path() !== view.path;
    view.path = path();
    view.place = place();
    return amend();
  }
  show(kind, view.href);
  wake(SETTLES);
}

/** Until it is sent, a view takes the address and title that the page settles on. */
function amend() {
  if (!view || !own[view.key] || view.sent) return;
  const { event } = view;
  if (event.url === address() && event.title === title()) return;

  event.url = address();
  event.title = title();
  view.href = location.href;
  record(event);
}

/** Events leave now: from here on a new title rides on the `leave`. */
function close() {
  amend();
  if (view) view.sent = true;
}

let engaged = true;
let since = 0;
let input = 0;
let peak = 0;

/** Add the time since the last call, if the page was being looked at. */
function account() {
  const now = elapsed();
  const page = document.documentElement;
  if (view && engaged) {
    view.engaged += Math.min(now - Math.max(since, view.at), LONGEST_TICK);
    const seen = (100 * (Math.max(peak, scrollY) + innerHeight)) / page.scrollHeight;
    view.scroll = Math.max(view.scroll, Math.min(100, Math.round(seen)) || 0);
  }
  since = now;
  engaged = !hidden() && document.hasFocus() && now - input < IDLE;
}

/** Store what the view's `leave` would say now. It is sent with something else. */
function saveLeave() {
  account();
  if (!view || !view.key || !view.event.visitor) return;

  const late = view.sent && !view.moved && title() !== view.event.title;
  const leave = {
    engaged: Math.round(view.engaged),
    scroll: view.scroll,
    title: late ? title() : undefined,
  };
  const now = JSON.stringify(leave);
  if (now === view.saved) return;

  view.saved = now;
  const { id, visitor } = view.event;
  record({ type: "leave", view: id, visitor, time: Date.now(), ...leave });
}

function watchReading() {
  input = since = elapsed();
  on(window, "pointerdown pointermove keydown wheel touchmove scroll", ({ type }) => {
    input = elapsed();
    // Asking a page for its position lays it out: only where that was just done.
    if (type === "scroll") peak = Math.max(peak, scrollY);
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
    if (view) show("bf");
    wake(0);
  });
}

/** The Navigation API tells of moves; history is patched only where it is missing. */
function watchMoves() {
  const { navigation } = /** @type {any} */ (window);
  if (navigation) {
    return on(navigation, "currententrychange", (event) => move(event.navigationType));
  }

  for (const kind of /** @type {const} */ (["push", "replace"])) {
    const name = /** @type {const} */ (`${kind}State`);
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
  const page = /** @type {Document & {prerendering?: boolean}} */ (document);
  if (view) return;
  if (page.prerendering) return on(document, "prerenderingchange", begin);
  if (hidden()) return on(document, "visibilitychange", begin);

  const [load] = performance.getEntriesByType("navigation");
  const { type } = /** @type {PerformanceNavigationTiming} */ (load || {});
  /** @type {Record<string, string>} */
  const kinds = { reload: "reload", back_forward: "traverse" };
  show(kinds[type] || "load", document.referrer);
  if (document.readyState === "loading") on(document, "DOMContentLoaded", () => wake(0));
  else wake(0);
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
 * The call of 2017: the first starts, a later one records a view.
 *
 * @param {string} [server]
 */
export function start(server) {
  if (started) return call();

  aim(server);
  open();
}

/**
 * Record a view now, unless this address was just recorded.
 *
 * @param {string} [kind]
 */
export function call(kind) {
  if (!started) return open();
  if (!view || (place() === view.place && elapsed() - view.at < AT_ONCE)) return;

  show(kind || "call", view.href);
  wake(0);
}

/** The view that is on no longer counts: nothing more is said of it. */
export function uncount() {
  if (view) view.key = "";
}

/** Count again, the page that is on included. */
export function resume() {
  open();
  if (view && !view.key) show("call");
  wake(0);
}
