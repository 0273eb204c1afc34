// Page views, and how long each was read.

import { Limit } from "./limits";
import { attempt, elapsed, on, page, settings } from "./page.js";
import { own, record, settled, visitorOf } from "./queue.js";
import { aim, followOthers, release, send, wake } from "./sender.js";
import { OURS, known, off, queued, tab } from "./storage.js";
import { renew, visitor } from "./visitor.js";

/** @typedef {import("./queue.js").Event} Event */

/**
 * The newest mark of each visitor that this page load was given.
 *
 * @type {Record<string, string | undefined>}
 */
export let marks = {};

let started = false;

// The view that is on: its event, and its key in the queue ("": it does not count).
let view = /** @type {Event & {url: string}} */ ({});
let key = /** @type {string | void} */ ("");
// 1: its events have left; 2: and the address then changed, so a title is not its.
let state = 0;
let at = 0;

// How it is read: since when (0: it is not), when something was last done to the page.
let since = 0;
let input = 0;
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

/** The id of the view that is on, if it is this visitor's. */
export const current = () => (view.visitor == visitor() ? view.id : undefined);

/**
 * @param {string} kind
 * @param {string} [referrer]
 * @param {number} [delay] ms until it is sent
 */
const show = (kind, referrer, delay = 0) => {
  saveLeave();
  view = {
    type: "view",
    url: address(),
    title: (heading = document.title),
    referrer,
    from: tab[OURS],
    kind,
    width: screen.width,
    lang: navigator.language,
    status: (!view.id && +(/** @type {any} */ (settings.status))) || undefined,
  };
  key = record(view);
  at = elapsed();
  state = engaged = scroll = 0;
  wake(delay);
  if (key && known()) tab[OURS] = view.id;
};

/**
 * The address changed without a page load.
 *
 * @param {string} kind
 */
const move = (kind) => {
  const url = address();
  if (!view.id || url == view.url) return;

  const elsewhere = withoutQuery(url) != withoutQuery(view.url);
  if (kind == "replace" && (!elsewhere || elapsed() - at < Limit.AT_ONCE)) {
    if (state && elsewhere) state = 2;
    view.url = url;
  } else show(kind, view.url, Limit.SETTLES);
};

/**
 * Events leave now. Until then the view took the address and title that the page
 * settled on; from here on a new title rides on the `leave`.
 */
export const closeView = () => {
  if (state) return;

  state = 1;
  view.title = heading = document.title;
  // Another tab may have sent it as it was.
  if (own[/** @type {string} */ (key)]) record(view);
};

/** How far down the page was seen, in percent. */
const look = () => {
  scroll = Math.max(
    scroll,
    ((100 * (scrollY + innerHeight)) / document.documentElement.scrollHeight) | 0,
  );
};

/** Store what the view's `leave` would say now. It is sent with something else. */
const saveLeave = () => {
  const now = elapsed();
  if (since) {
    engaged += Math.min(now - since, Limit.LONGEST_TICK);
    // From then on only scrolling changes it.
    if (!scroll) look();
  }
  const read = !document.hidden && document.hasFocus() && now - input < Limit.IDLE;
  since = read ? now : 0;

  const late = state == 1 ? heading : undefined;
  if (key && saved != (saved = engaged + "," + scroll + late))
    record({
      type: "leave",
      view: view.id,
      visitor: view.visitor,
      time: Date.now(),
      engaged: engaged | 0,
      scroll,
      title: late,
    });
};

export const leaveNow = () => {
  heading = document.title;
  saveLeave();
};

const watchReading = () => {
  on("pointerdown pointermove keydown scroll", ({ type }) => {
    input = elapsed();
    heading = document.title;
    // Asking a page for its position lays it out: only where that was just done.
    if (type == "scroll") look();
  });
  setInterval(attempt, Limit.TICK, leaveNow);

  on("visibilitychange prerenderingchange", () => {
    // After a withdrawal, what was counted is not counted again.
    if (known() || key != null) open();
    leaveNow();
    if (document.hidden) send(true);
  });
  on("pageshow", ({ persisted }) => {
    if (!persisted) return;
    release();
    marks = {};
    since = 0;
    if (view.id) show("bf");
  });
};

/** The Navigation API tells of moves; history is patched only where it is missing. */
const watchMoves = () => {
  on(
    "currententrychange popstate hashchange",
    ({ navigationType }) => move(navigationType || "traverse"),
    page.navigation,
  );
  if (page.navigation) return;

  ["push", "replace"].forEach((kind) => {
    const name = /** @type {"pushState"} */ (kind + "State");
    const original = history[name];
    history[name] = (...given) => {
      original.apply(history, given);
      attempt(move, kind);
    };
  });
};

/**
 * Watch the page, and record its view once it is really there to be seen.
 *
 * @param {string} [server]
 */
export const open = (server) => {
  if (off()) return;

  if (!started) {
    started = true;
    aim(server);
    followOthers();
    watchMoves();
    watchReading();
  }
  if (view.id || document.hidden || /** @type {any} */ (document).prerendering)
    return;

  show(
    attempt(() => performance.navigation.type) == 1 ? "reload" : "load",
    document.referrer,
    // A script in the head runs before there is a title.
    document.readyState == "loading" ? Limit.SETTLES : 0,
  );
};

/**
 * Record a view now, unless this address was just recorded; the first call starts.
 *
 * @param {string} [kind]
 * @param {string} [server]
 */
export const call = (kind = "call", server) => {
  const again = address() == view.url && elapsed() - at < Limit.AT_ONCE;
  if (view.id && !again) show(kind, view.url);
  else open(server);
};

/**
 * The server was told to forget some visitors: so do we, and say nothing more of the
 * view that is on, if it is theirs.
 *
 * @param {import("./sender.js").Said} said
 */
export const forget = ({ gone = [] }) => {
  for (const key of queued()) if (gone.includes(visitorOf(key))) settled(key);
  if (gone.includes(view.visitor)) key = "";
  if (gone.includes(visitor())) renew();
};

/** The view that is on no longer counts: nothing more is said of it. */
export const uncount = () => {
  delete tab[OURS];
  view = /** @type {any} */ ({});
  key = undefined;
};
