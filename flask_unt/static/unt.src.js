"use strict";
(() => {
  // js/page.js
  var script = (
    /** @type {HTMLScriptElement | null} */
    document.currentScript
  );
  var settings = script ? script.dataset : {};
  var home = script && script.src ? new URL(".", script.src).href : "";
  function attempt(work) {
    try {
      return work();
    } catch (error) {
      return void 0;
    }
  }
  function on(target, types, work) {
    for (const type of types.split(" ")) {
      target.addEventListener(type, (event) => attempt(() => work(event)), {
        capture: true,
        passive: true
      });
    }
  }
  var hidden = () => document.visibilityState === "hidden";
  var elapsed = () => performance.now();
  var last = 0;
  var count = 0;
  function uuid(time) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let hex = "";
    for (const byte of bytes) hex += (byte + 256).toString(16).slice(1);
    if (time) {
      count = time === last ? count + 1 : 0;
      last = time;
      const order = (count + 4096).toString(16).slice(-3);
      hex = time.toString(16).padStart(12, "0") + 7 + order + hex.slice(16);
    } else {
      hex = hex.slice(0, 12) + 4 + hex.slice(13);
    }
    hex = hex.slice(0, 16) + "89ab"[bytes[8] & 3] + hex.slice(17);
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  // js/storage.js
  var site = settings.site ? "." + settings.site : "";
  var VISITOR = "tracker-uuid" + site;
  var EVENT = "unt" + site + ":";
  var BORN = "unt" + site + ".born";
  var CONSENT = "unt" + site + ".consent";
  var DROPPED = "unt" + site + ".dropped";
  var FRESH = "unt" + site + ".fresh";
  var FROM = "unt" + site + ".from";
  var GATE = "unt" + site + ".gate";
  var OFF = "unt" + site + ".off";
  var memory = {};
  var stored = (key) => attempt(() => localStorage.getItem(key)) || "";
  var consented = () => stored(CONSENT) || memory[CONSENT];
  var granted = () => consented() ? consented() === "1" : !settings.consent;
  var nameless = () => settings.consent === "anonymous" && !granted();
  var get = (key) => key in memory ? memory[key] : stored(key);
  function put(key, value, always) {
    memory[key] = "" + value;
    attempt(() => {
      if (!always && !granted()) return;
      localStorage.setItem(key, memory[key]);
      delete memory[key];
    });
  }
  function remove(key) {
    delete memory[key];
    attempt(() => localStorage.removeItem(key));
  }
  function queued() {
    const all = Object.keys(memory).concat(
      attempt(() => Object.keys(localStorage)) || []
    );
    return all.filter((key) => key.startsWith(EVENT)).sort();
  }
  function settle() {
    for (const key in memory) put(key, memory[key]);
  }
  var trace;
  var before = () => attempt(() => sessionStorage.getItem(FROM)) || trace || void 0;
  function leaveTrace(id) {
    trace = id;
    attempt(() => granted() && sessionStorage.setItem(FROM, id || ""));
  }
  function wipe() {
    for (const key of queued().concat(VISITOR, BORN, FRESH, DROPPED, GATE)) remove(key);
    trace = "";
    attempt(() => sessionStorage.removeItem(FROM));
  }

  // js/visitor.js
  var UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
  var THIRTEEN_MONTHS = 395 * 864e5;
  var browser = navigator;
  var off = () => get(OFF) || settings.gpc !== "ignore" && (browser.globalPrivacyControl || browser.doNotTrack === "1");
  function renew() {
    put(FRESH, 1);
    put(VISITOR, uuid());
    put(BORN, Date.now());
  }
  function visitor() {
    if (!UUID.test(get(VISITOR))) {
      put(VISITOR, uuid());
      put(BORN, Date.now());
    }
    if (!get(BORN)) put(BORN, Date.now());
    if (Date.now() - +get(BORN) > THIRTEEN_MONTHS) renew();
    return get(VISITOR);
  }

  // js/queue.js
  var MOST_EVENTS = 500;
  var MOST_BYTES = 4e5;
  var EVENT_BYTES = 2e4;
  var BATCH_EVENTS = 50;
  var BATCH_BYTES = 3e4;
  var WEEK = 6048e5;
  var ID = 36;
  var own = {};
  var marks = {};
  var hook;
  var setHook = (edit2) => void (hook = edit2);
  var size = (text) => new Blob([text]).size;
  var visitorOf = (key) => key.slice(EVENT.length + ID + 1);
  var isLeave = (key) => key[EVENT.length + ID] === "l";
  var madeAt = (key) => parseInt(key.slice(EVENT.length).replace("-", "").slice(0, 12), 16);
  function settled(key, taken) {
    remove(key);
    if (own[key]) own[key](taken);
    delete own[key];
  }
  function giveUp(key) {
    if (!isLeave(key)) put(DROPPED, +get(DROPPED) + 1);
    settled(key, false);
  }
  function bound() {
    const keys = queued();
    let bytes = 0;
    for (let i = keys.length; i--; ) {
      if (keys.length > MOST_BYTES / EVENT_BYTES) bytes += get(keys[i]).length;
      if (keys.length - i > MOST_EVENTS || bytes > MOST_BYTES) giveUp(keys[i]);
    }
  }
  function record(given) {
    const event = Object.assign({}, given);
    let key = "";
    let taken = (
      /** @type {(taken: boolean) => void} */
      (() => {
      })
    );
    const done = new Promise((resolve2) => void (taken = resolve2));
    attempt(() => {
      if (off()) return;
      if (event.visitor === void 0) introduce(event);
      if (event.visitor === null && event.type !== "view") return;
      const edited = edit(event);
      if (!edited) return;
      const raw = JSON.stringify(edited);
      if (size(raw) > EVENT_BYTES) return put(DROPPED, +get(DROPPED) + 1);
      key = EVENT + (event.id ? event.id + "e" : event.view + "l") + (event.visitor || "");
      put(key, raw);
      own[key] = taken;
      bound();
    });
    if (!own[key]) taken(false);
    return { key, event, done };
  }
  function introduce(event) {
    event.visitor = nameless() ? null : visitor();
    if (event.visitor) event.as = marks[event.visitor];
    else delete event.from;
  }
  function edit(event) {
    const copy = Object.assign({}, event);
    const work = hook;
    const edited = work && attempt(() => work(copy));
    return edited === false || edited === null ? null : edited || copy;
  }
  function pick(most2, all, mine) {
    const keys = queued().filter(
      (key) => (!mine || own[key]) && (!visitorOf(key) || granted())
    );
    const old = keys.filter((key) => madeAt(key) < Date.now() - WEEK);
    old.forEach(giveUp);
    if (old[0]) return pick(most2, all, mine);
    if (!all && keys.every(isLeave)) return [];
    let bytes = 0;
    return keys.filter((key) => visitorOf(key) === visitorOf(keys[0])).slice(0, most2).map((key) => ({ key, raw: get(key) })).filter(({ raw }, index) => (bytes += size(raw)) <= BATCH_BYTES || !index);
  }

  // js/sender.js
  var LEASE = 15e3;
  var GIVE_UP_WAITING = 12e3;
  var LONGEST_BACK_OFF = 3e5;
  var HOUR = 36e5;
  var JITTER = 900;
  var GO_ON = 0;
  var BACK_OFF = 1;
  var LATER = 2;
  var server = home.replace(/\/$/, "");
  function aim(address2) {
    if (address2) server = new URL(address2, location.href).href.replace(/\/$/, "");
  }
  var lease = "";
  var most = BATCH_EVENTS;
  var timer = 0;
  var due = 0;
  function gate() {
    const [until, fails, since2] = get(GATE).split("|").map(Number);
    const now = Date.now();
    return { wait: since2 <= now && until > now ? until - now : 0, fails: fails || 0 };
  }
  function shut(wait, fails) {
    const now = Date.now();
    const value = [now + wait + Math.random(), fails, now].join("|");
    put(GATE, value);
    return value;
  }
  function release() {
    if (lease && get(GATE) === lease) remove(GATE);
    lease = "";
  }
  function wake(delay) {
    const then = elapsed() + delay;
    if (timer && due <= then) return;
    clearTimeout(timer);
    due = then;
    timer = setTimeout(() => {
      timer = 0;
      send();
    }, delay);
  }
  var wakeSomewhen = (wait = 0) => wake(wait + Math.random() * JITTER);
  var refresh = () => {
  };
  var beforeSending = (work) => void (refresh = work);
  function body(batch, more) {
    const fields = JSON.stringify({
      v: 1,
      sent: Date.now(),
      zone: attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
      dropped: +get(DROPPED) || 0,
      webdriver: !!navigator.webdriver,
      fresh: isFresh(batch)
    });
    return fields.slice(0, -1) + (more || "") + ',"events":[' + batch.map((waiting) => waiting.raw).join() + "]}";
  }
  var isFresh = (batch) => !!(batch[0] && get(FRESH) && visitorOf(batch[0].key) === visitor());
  async function post(path2, text) {
    const aborter = new AbortController();
    const clock = setTimeout(() => aborter.abort(), GIVE_UP_WAITING);
    let status = 0;
    let after = 0;
    let said = {};
    try {
      const answer = await fetch(server + path2, {
        method: "POST",
        body: text,
        keepalive: true,
        signal: aborter.signal
      });
      const reply = await answer.text();
      after = Number(answer.headers.get("Retry-After")) || 0;
      status = answer.status;
      if (reply) said = JSON.parse(reply);
    } catch (error) {
      if (status < 300) status = 0;
    }
    clearTimeout(clock);
    return { status, after, said };
  }
  var send = (all) => deliver(all).catch(() => {
  });
  async function deliver(all) {
    if (lease || off() || /** @type {any} */
    document.prerendering) return;
    const { wait, fails } = gate();
    if (wait) return pick(most, all).length ? wakeSomewhen(wait) : void 0;
    for (let batch; (batch = next(all)).length; ) {
      const mine = lease = shut(LEASE, 0);
      const answer = await post("/e", body(batch));
      const outcome = conclude(batch, answer);
      if (lease !== mine) return;
      if (outcome !== GO_ON) return backOff(outcome, fails, answer.after);
    }
    release();
  }
  function next(all) {
    refresh();
    return pick(most, all);
  }
  function backOff(outcome, fails, after) {
    const doubled = Math.min(LONGEST_BACK_OFF, 2 ** (fails + 1) * 1e3);
    const wait = outcome === LATER ? HOUR : doubled * (0.5 + Math.random() / 2);
    lease = "";
    shut(Math.max(wait, Math.min(after * 1e3, HOUR)), fails + 1);
    wakeSomewhen(gate().wait);
  }
  function conclude(batch, { status, said }) {
    if (status > 199 && status < 300) return acknowledge(batch, said);
    if (status === 410) return forget(said.gone) ? GO_ON : BACK_OFF;
    if ([401, 403, 404, 405, 415].includes(status)) return LATER;
    if (said.error === "version") return LATER;
    if (status !== 400 && status !== 413) return BACK_OFF;
    most = batch.length >> 1 || 1;
    if (batch.length < 2) giveUp(batch[0].key);
    return GO_ON;
  }
  function acknowledge(batch, said) {
    const refused = (said.rejected || []).map((one) => one.index);
    most = Math.min(most * 2, BATCH_EVENTS);
    if (said.as !== void 0) marks[visitorOf(batch[0].key)] = said.as;
    if (isFresh(batch)) remove(FRESH);
    batch.forEach(({ key, raw }, index) => {
      if (get(key) === raw) settled(key, !refused.includes(index));
    });
    return GO_ON;
  }
  function forget(gone2) {
    if (!gone2 || !gone2.length) return false;
    for (const key of queued()) if (gone2.includes(visitorOf(key))) settled(key, false);
    if (gone2.includes(visitor())) renew();
    return true;
  }
  function sendLast() {
    release();
    const { wait, fails } = gate();
    if (off() || fails && wait > 5e3) return;
    refresh();
    const batch = pick(BATCH_EVENTS, true, true);
    if (batch.length) navigator.sendBeacon(server + "/e", body(batch));
  }
  var sendClear = () => void post("/e", body([], ',"clear":true'));
  async function sendEmail(address2) {
    if (off() || !granted()) return false;
    const named = JSON.stringify({ visitor: visitor(), email: address2 });
    const { status, said } = await post("/email", named);
    if (status === 410) forget(said.gone);
    return status > 199 && status < 300;
  }
  function followOthers() {
    on(window, "storage", ({ key, newValue }) => {
      if (newValue) return;
      if (key === GATE) wakeSomewhen();
      if (own[key]) settled(key, true);
    });
    on(window, "online", () => {
      if (gate().fails) remove(GATE);
      wakeSomewhen();
    });
  }

  // js/views.js
  var TICK = 5e3;
  var LONGEST_TICK = 7e3;
  var IDLE = 6e4;
  var SETTLES = 400;
  var AT_ONCE = 1e3;
  var view;
  var started = false;
  var gone = false;
  var route = () => /^#!?\//.test(location.hash) ? location.hash : "";
  var path = () => location.pathname + ("hash" in settings ? location.hash : route());
  var place = () => path() + "\n" + location.search;
  var address = () => (location.href.split("#")[0] + route()).slice(0, 4096);
  var title = () => document.title.slice(0, 500);
  function made() {
    const time = Date.now();
    return { id: uuid(time), time, tz: -(/* @__PURE__ */ new Date()).getTimezoneOffset() };
  }
  var current = () => view && view.key && view.event.visitor === visitor() ? view.event.id : void 0;
  function show(kind, referrer) {
    saveLeave();
    const { key, event } = record({
      type: "view",
      ...made(),
      url: address(),
      title: title(),
      referrer: referrer ? referrer.slice(0, 2048) : void 0,
      from: before(),
      kind,
      width: screen.width,
      lang: navigator.language,
      status: !view && Number(settings.status) || void 0
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
      saved: ""
    };
    peak = 0;
    if (event.visitor && key) leaveTrace(event.id);
  }
  function move(kind) {
    if (!view || place() === view.place) return;
    if (kind === "replace" && (path() === view.path || elapsed() - view.at < AT_ONCE)) {
      if (view.sent) view.moved = view.moved || path() !== view.path;
      view.path = path();
      view.place = place();
      return amend();
    }
    show(kind, view.href);
    wake(SETTLES);
  }
  function amend() {
    if (!view || !own[view.key] || view.sent) return;
    const { event } = view;
    if (event.url === address() && event.title === title()) return;
    event.url = address();
    event.title = title();
    view.href = location.href;
    record(event);
  }
  function close() {
    amend();
    if (view) view.sent = true;
  }
  var engaged = true;
  var since = 0;
  var input = 0;
  var peak = 0;
  function account() {
    const now = elapsed();
    const page2 = document.documentElement;
    if (view && engaged) {
      view.engaged += Math.min(now - Math.max(since, view.at), LONGEST_TICK);
      const seen = 100 * (Math.max(peak, scrollY) + innerHeight) / page2.scrollHeight;
      view.scroll = Math.max(view.scroll, Math.min(100, Math.round(seen)) || 0);
    }
    since = now;
    engaged = !hidden() && document.hasFocus() && now - input < IDLE;
  }
  function saveLeave() {
    account();
    if (!view || !view.key || !view.event.visitor) return;
    const late = view.sent && !view.moved && title() !== view.event.title;
    const leave = {
      engaged: Math.round(view.engaged),
      scroll: view.scroll,
      title: late ? title() : void 0
    };
    const now = JSON.stringify(leave);
    if (now === view.saved) return;
    view.saved = now;
    const { id, visitor: visitor2 } = view.event;
    record({ type: "leave", view: id, visitor: visitor2, time: Date.now(), ...leave });
  }
  function watchReading() {
    input = since = elapsed();
    on(window, "pointerdown pointermove keydown wheel touchmove scroll", ({ type }) => {
      input = elapsed();
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
  function watchMoves() {
    const { navigation } = (
      /** @type {any} */
      window
    );
    if (navigation) {
      return on(navigation, "currententrychange", (event) => move(event.navigationType));
    }
    for (
      const kind of
      /** @type {const} */
      ["push", "replace"]
    ) {
      const name = (
        /** @type {const} */
        `${kind}State`
      );
      const original = history[name];
      history[name] = function(...given) {
        original.apply(this, given);
        attempt(() => move(kind));
      };
    }
    on(window, "popstate hashchange", () => move("traverse"));
  }
  function begin() {
    const page2 = (
      /** @type {Document & {prerendering?: boolean}} */
      document
    );
    if (view) return;
    if (page2.prerendering) return on(document, "prerenderingchange", begin);
    if (hidden()) return on(document, "visibilitychange", begin);
    const [load] = performance.getEntriesByType("navigation");
    const { type } = (
      /** @type {PerformanceNavigationTiming} */
      load || {}
    );
    const kinds = { reload: "reload", back_forward: "traverse" };
    show(kinds[type] || "load", document.referrer);
    if (document.readyState === "loading") on(document, "DOMContentLoaded", () => wake(0));
    else wake(0);
  }
  var isOpen = () => started;
  function open() {
    if (started || off()) return;
    started = true;
    beforeSending(close);
    followOthers();
    watchMoves();
    watchReading();
    begin();
  }
  function start(server2) {
    if (started) return call();
    aim(server2);
    open();
  }
  function call(kind) {
    if (!started) return open();
    if (!view || place() === view.place && elapsed() - view.at < AT_ONCE) return;
    show(kind || "call", view.href);
    wake(0);
  }
  function uncount() {
    if (view) view.key = "";
  }
  function resume() {
    open();
    if (view && !view.key) show("call");
    wake(0);
  }

  // js/calls.js
  function track(name, props) {
    const event = { .../** @type {const} */
    { type: "event" }, ...made() };
    const { done } = record({ ...event, view: current(), name: "" + name, props });
    wake(0);
    return done;
  }
  function identify(token) {
    const { id, time } = made();
    const { done } = record({ type: "identify", id, time, token: "" + token });
    wake(0);
    return done;
  }
  function registerEmail(address2) {
    const field = (
      /** @type {HTMLInputElement | null} */
      document.getElementById("emailUNT")
    );
    return sendEmail(typeof address2 === "string" ? address2 : field ? field.value : "");
  }

  // js/choices.js
  function leaveNothing() {
    if (granted() && !off()) sendClear();
    for (const key in own) settled(key, false);
    wipe();
    uncount();
  }
  function consent(given) {
    if (!given) {
      leaveNothing();
      return put(CONSENT, 0, true);
    }
    const again = get(CONSENT) === "0";
    put(CONSENT, 1, true);
    if (again) put(FRESH, 1);
    settle();
    resume();
  }
  function optOut(out = true) {
    if (out) {
      leaveNothing();
      return put(OFF, 1, true);
    }
    if (!get(OFF)) return;
    remove(OFF);
    put(FRESH, 1);
    resume();
  }
  function reset() {
    if (off() || !granted()) return;
    renew();
    leaveTrace("");
  }

  // js/clicks.js
  var DOWNLOAD = /\.(7z|csv|dmg|docx?|epub|exe|gz|mp[34]|pdf|pkg|pptx?|rar|txt|xlsx?|zip)$/i;
  function propsOf(element) {
    const props = {};
    for (const { name, value } of element.attributes) {
      if (name.startsWith("data-unt-")) props[name.slice(9)] = value;
    }
    return props;
  }
  function trackNamed(element) {
    const name = element && element.getAttribute("data-unt");
    if (name) track(name, propsOf(
      /** @type {Element} */
      element
    ));
    return name;
  }
  var resolve = (address2) => new URL(address2, document.baseURI);
  function clicked(event) {
    const target = (
      /** @type {Element} */
      event.composedPath()[0]
    );
    if (event.button > 1 || !target.closest) return;
    if (trackNamed(target.closest("[data-unt]:not(form)"))) return;
    const link = target.closest("a[href],area[href]");
    if (!link || settings.clicks === "off") return;
    const { origin, pathname, protocol } = resolve(link.getAttribute("href") || "");
    const url = origin + pathname;
    if (!/^http/.test(protocol)) return;
    if (link.hasAttribute("download") || DOWNLOAD.test(pathname)) track("download", { url });
    else if (origin !== location.origin) track("outbound", { url });
  }
  function submitted({ target }) {
    const form = (
      /** @type {Element} */
      target
    );
    if (trackNamed(form) || settings.clicks === "off") return;
    const { origin, pathname } = resolve(form.getAttribute("action") || location.href);
    track("form", {
      form: form.getAttribute("id") || form.getAttribute("name") || "",
      url: origin + pathname
    });
  }
  function watchClicks() {
    on(document, "click auxclick", clicked);
    on(document, "submit", submitted);
  }

  // js/unt.js
  var auto = "auto" in settings;
  var page = window;
  var safe = (work) => (...given) => attempt(() => work(...given));
  function install() {
    const UNT = safe((server2) => start(server2 || settings.server));
    const calls = {
      before: setHook,
      consent,
      email: registerEmail,
      flush: () => send(true),
      id: () => off() || !granted() ? null : visitor(),
      identify,
      isOpen,
      optOut,
      reset,
      track,
      view: call
    };
    for (const [name, work] of Object.entries(calls)) {
      UNT[name] = safe(
        /** @type {(...given: any[]) => unknown} */
        work
      );
    }
    page.UNT = UNT;
    page.registerEmail = safe(registerEmail);
    watchClicks();
    if (auto) UNT();
    const waiting = page.unt;
    const push = safe(([name, ...given]) => UNT[name](...given));
    page.unt = { push };
    if (Array.isArray(waiting)) waiting.forEach(push);
  }
  attempt(() => {
    if (!page.UNT || !page.UNT.track) install();
    else if (auto && !page.UNT.isOpen()) page.UNT();
  });
})();
