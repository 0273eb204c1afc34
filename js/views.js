// Page views, and how long each was read.

import { Limit } from "./limits";
import { attempt, elapsed, moment, on, safe, settings, uuid } from "./page.js";
import { given, own, record, visitorOf } from "./queue.js";
import { aim, followOthers, send, sendLast, wake } from "./sender.js";
import { FROM, granted, tab } from "./storage.js";
import { off, visitor } from "./visitor.js";

/** @typedef {import("./queue.js").Event} Event */

let started = false;
let gone = false;

// The view that is on: its event, and its key in the queue ("": it does not count).
let view = /** @type {Event & {url: string}} */ ({});
let key = "";
// 1: its events have left; 2: and the address then changed, so a title is not its.
let state = 0;
let at = 0;

// How it is read.
let since = 0;
let input = 0;
let reading = false;
let engaged = 0;
let scroll = 0;
let saved = "";

/** The title as it was before whatever the page does now, as apps set it too early. */
let heading = "";

/** The address, with its hash only where that is a route or the tag asks for it. */
const address = () =>
  location.href
    .replace("hash" in settings ? "" : /#(?!!?\/).*/, "")
    .slice(0, Limit.URL_LENGTH);

/** @param {string} url */
const withoutQuery = (url) => url.replace(/\?[^#]*/, "");

const title = () => document.title.slice(0, Limit.TITLE_LENGTH);

/** What every event says: its id, and when it was made, no two at the same moment. */
export function made() {
  const time = moment();
  return { id: uuid(time), time, tz: -new Date().getTimezoneOffset() };
}

/** The id of the view that is on, if it is this visitor's. */
export const current = () =>
  visitorOf(key) === visitor() ? view.id : undefined;

/**
 * @param {string} kind
 * @param {string} [referrer]
 */
function show(kind, referrer) {
  saveLeave();
  heading = title();
  view = {
    type: "view",
    ...made(),
    url: address(),
    title: heading,
    referrer,
    from: tab[FROM],
    kind,
    width: screen.width,
    lang: navigator.language,
    status: view.id ? undefined : Number(settings.status) || undefined,
  };
  key = record(view);
  if (key && granted()) tab[FROM] = view.id;

  at = since = elapsed();
  engaged = scroll = 0;
  saved = "";
  state = 0;
}

/**
 * The address changed without a page load.
 *
 * @param {string} kind
 */
function move(kind) {
  const url = address();
  if (!view.id || url === view.url) return;

  const elsewhere = withoutQuery(url) !== withoutQuery(view.url);
  if (kind === "replace" && (!elsewhere || elapsed() - at < Limit.AT_ONCE)) {
    if (state && elsewhere) state = 2;
    view.url = url;
  } else {
    show(kind, view.url);
    wake(Limit.SETTLES);
  }
}

/**
 * Events leave now. Until then the view took the address and title that the page
 * settled on; from here on a new title rides on the `leave`.
 */
export function closeView() {
  if (state || !own[key]) return;

  state = 1;
  view.title = heading = title();
  record(view);
}

/** How far down the page was seen, in percent. */
function look() {
  const { scrollHeight } = document.documentElement;
  const seen = (100 * (scrollY + innerHeight)) / scrollHeight;
  scroll = Math.max(scroll, Math.min(100, seen | 0));
}

/** Store what the view's `leave` would say now. It is sent with something else. */
function saveLeave() {
  const now = elapsed();
  if (reading) {
    engaged += Math.min(now - since, Limit.LONGEST_TICK);
    look();
  }
  since = now;
  reading = !document.hidden && document.hasFocus() && now - input < Limit.IDLE;

  const leave = /** @type {Event} */ ({
    type: "leave",
    view: view.id,
    visitor: view.visitor,
    engaged: engaged | 0,
    scroll,
    title: state === 1 ? heading : undefined,
  });
  if (visitorOf(key) && saved !== (saved = JSON.stringify(leave))) {
    record({ ...leave, time: Date.now() });
  }
}

function leaveNow() {
  heading = title();
  saveLeave();
}

function watchReading() {
  input = elapsed();
  on(window, "pointerdown pointermove keydown scroll", ({ type }) => {
    input = elapsed();
    heading = title();
    // Asking a page for its position lays it out: only where that was just done.
    if (type === "scroll") look();
  });
  setInterval(safe(leaveNow), Limit.TICK);

  on(document, "visibilitychange", () => {
    begin();
    leaveNow();
    if (document.hidden && !gone) send(true);
  });
  on(window, "pagehide", () => {
    leaveNow();
    reading = false;
    gone = true;
    sendLast();
  });
  on(window, "pageshow", ({ persisted }) => {
    if (!persisted) return;
    gone = false;
    given.marks = {};
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
  if (view.id || document.hidden) return;

  const reloaded = attempt(() => performance.navigation.type) === 1;
  show(reloaded ? "reload" : "load", document.referrer);
  // A script in the head runs before there is a title.
  wake(document.readyState === "loading" ? Limit.SETTLES : 0);
}

/**
 * Watch the page, unless that was refused.
 *
 * @param {string} [server]
 */
export function open(server) {
  if (started || off()) return;

  started = true;
  aim(server);
  followOthers();
  watchMoves();
  watchReading();
  begin();
}

/**
 * Record a view now, unless this address was just recorded; the first call starts.
 *
 * @param {string} [kind]
 * @param {string} [server]
 */
export function call(kind = "call", server = "") {
  if (!started) return open(server);
  if (!view.id || (address() === view.url && elapsed() - at < Limit.AT_ONCE)) return;

  show(kind, view.url);
  wake(0);
}

/**
 * Nothing more is said of the view that is on, if it is one of these visitors'.
 *
 * @param {string[]} gone
 */
export const hush = (gone) => void (gone.includes(visitorOf(key)) && (key = ""));

/** The view that is on no longer counts: nothing more is said of it. */
export function uncount() {
  view = /** @type {any} */ ({});
  key = "";
}

/** Count again, the page that is on included. */
export function resume() {
  open();
  begin();
  wake(0);
}
