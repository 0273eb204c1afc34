(() => {
  // js/page.js
  var script = (
    /** @type {HTMLScriptElement | null} */
    document.currentScript
  );
  var settings = script ? script.dataset : {};
  var home = script ? script.src.replace(/\/[^/]*$/, "") : "";
  var elapsed = () => performance.now();
  var hidden = () => document.visibilityState === "hidden";
  function attempt(work) {
    try {
      return work();
    } catch (e) {
    }
  }
  var on = (target, types, work) => types.split(" ").forEach(
    (type) => target.addEventListener(type, (event) => attempt(() => work(event)), true)
  );
  var count = 0;
  function uuid(time) {
    const order = (4096 + count++ % 4096).toString(16).slice(1);
    const digits = time ? "0" + time.toString(16) + order : "";
    let at2 = 0;
    return `xxxxxxxx-xxxx-${time ? 7 : 4}xxx-8xxx-xxxxxxxxxxxx`.replace(
      /x/g,
      () => digits[at2++] || (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16)
    );
  }

  // js/storage.js
  var site = settings.site ? "." + settings.site : "";
  var OURS = "unt" + site + ":";
  var VISITOR = "tracker-uuid" + site;
  var BORN = OURS + "born";
  var CONSENT = OURS + "consent";
  var DROPPED = OURS + "dropped";
  var FRESH = OURS + "fresh";
  var GATE = OURS + "gate";
  var OFF = OURS + "off";
  var FROM = OURS + "from";
  var YES = "1";
  var NO = "0";
  var store = attempt(() => localStorage) || {};
  var tab = attempt(() => sessionStorage) || {};
  var memory = {};
  var get = (key2) => memory[key2] || store[key2];
  var granted = () => (get(CONSENT) || (settings.consent ? NO : YES)) === YES;
  function keep(key2, value) {
    memory[key2] = value;
    attempt(() => {
      store[key2] = value;
      delete memory[key2];
    });
  }
  function put(key2, value) {
    if (granted()) keep(key2, value);
    else memory[key2] = value;
  }
  function remove(key2) {
    delete memory[key2];
    delete store[key2];
  }
  var keys = (start) => Object.keys({ ...store, ...memory }).filter((key2) => key2.startsWith(start)).sort();
  var queued = () => keys(OURS + "0");
  function settle() {
    for (const key2 in memory) keep(key2, memory[key2]);
  }
  var trace = () => tab[FROM];
  var leaveTrace = (id) => void (tab[FROM] = id || "");
  function wipe() {
    for (const key2 of keys(OURS)) if (key2 !== CONSENT && key2 !== OFF) remove(key2);
    remove(VISITOR);
    delete tab[FROM];
  }

  // js/visitor.js
  var THIRTEEN_MONTHS = 395 * 864e5;
  var browser = navigator;
  var off = () => get(OFF) || settings.gpc !== "ignore" && (browser.globalPrivacyControl || browser.doNotTrack == "1");
  var known = () => granted() && !off();
  function make() {
    put(VISITOR, uuid());
    put(BORN, Date.now());
  }
  function renew() {
    put(FRESH, YES);
    make();
  }
  function visitor() {
    if (!/^[\da-f-]{36}$/i.test(get(VISITOR))) make();
    if (!get(BORN)) put(BORN, Date.now());
    if (Date.now() - get(BORN) > THIRTEEN_MONTHS) renew();
    return get(VISITOR);
  }

  // js/queue.js
  var MOST_EVENTS = 500;
  var MOST_BYTES = 4e5;
  var EVENT_BYTES = 2e4;
  var BATCH_BYTES = 2e4;
  var WEEK = 6048e5;
  var KIND = OURS.length + 36;
  var own = {};
  var marks = {};
  var hook = (event) => event;
  var setHook = (edit) => void (hook = edit);
  var visitorOf = (key2) => key2.slice(KIND + 1);
  var isLeave = (key2) => key2[KIND] === "l";
  function settled(key2, taken) {
    remove(key2);
    if (own[key2]) own[key2](taken);
    delete own[key2];
  }
  function giveUp(key2 = "") {
    if (!isLeave(key2)) put(DROPPED, (+get(DROPPED) || 0) + 1);
    settled(key2, false);
  }
  function bound() {
    const keys2 = queued();
    let bytes = 0;
    for (let i = keys2.length; i--; ) {
      bytes += get(keys2[i]).length;
      if (keys2.length - i > MOST_EVENTS || bytes > MOST_BYTES) giveUp(keys2[i]);
    }
  }
  function record(event, taken = () => {
  }) {
    let key2 = "";
    attempt(() => {
      if (off()) return;
      if (event.visitor === void 0) {
        event.visitor = settings.consent === "anonymous" && !granted() ? null : visitor();
        if (event.visitor) event.as = marks[event.visitor];
        else if (event.type !== "view") return;
        else delete event.from;
      }
      const copy = { ...event };
      const edited = attempt(() => hook(copy));
      if (!edited && edited !== void 0) return;
      const raw = JSON.stringify(edited || copy);
      if (raw.length > EVENT_BYTES) return giveUp();
      key2 = OURS + (event.id ? event.id + "e" : event.view + "l") + (event.visitor || "");
      put(key2, raw);
      own[key2] = taken;
      bound();
    });
    if (!key2) taken(false);
    return key2;
  }
  function pick(most2, all, mine) {
    const oldest = OURS + uuid(Date.now() - WEEK);
    const keys2 = queued().filter((key2) => {
      if (key2 < oldest) return giveUp(key2);
      return (!mine || own[key2]) && (!visitorOf(key2) || granted());
    });
    if (!all && keys2.every(isLeave)) return [];
    let bytes = 0;
    return keys2.filter((key2) => visitorOf(key2) === visitorOf(keys2[0])).slice(0, most2).map((key2) => (
      /** @type {Waiting} */
      [key2, get(key2)]
    )).filter(([, raw], index) => (bytes += raw.length) <= BATCH_BYTES || !index);
  }

  // js/sender.js
  var BATCH_EVENTS = 50;
  var LEASE = 15e3;
  var PATIENCE = 12e3;
  var LONGEST_BACK_OFF = 3e5;
  var HOUR = 36e5;
  var JITTER = 900;
  var server = "";
  var aim = (address2) => void (server = new URL(address2, location.href).href.replace(/\/$/, ""));
  var lease = "";
  var most = BATCH_EVENTS;
  var timer = 0;
  var due = 0;
  function gate() {
    const [until, fails, since2] = (get(GATE) || "0|0|0").split("|");
    const now = Date.now();
    return [since2 <= now ? until - now : 0, +fails];
  }
  function shut(wait, fails) {
    const now = Date.now();
    const value = now + wait + "|" + fails + "|" + now;
    put(GATE, value);
    return value;
  }
  function release() {
    if (get(GATE) === lease) remove(GATE);
    lease = "";
  }
  function wake(delay) {
    if (timer && due < elapsed() + delay) return;
    clearTimeout(timer);
    due = elapsed() + delay;
    timer = setTimeout(() => {
      timer = 0;
      send();
    }, delay);
  }
  var wakeSomewhen = (wait = 0) => wake(wait + Math.random() * JITTER);
  var prepare = () => {
  };
  var beforeSending = (work) => void (prepare = work);
  var body = (batch, clear) => JSON.stringify({
    v: 1,
    sent: Date.now(),
    zone: attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
    dropped: +get(DROPPED) || 0,
    webdriver: !!navigator.webdriver,
    fresh: isFresh(batch),
    clear
  }).replace(/}$/, () => ',"events":[' + batch.map(([, raw]) => raw) + "]}");
  var isFresh = (batch) => !!get(FRESH) && batch.some(([key2]) => visitorOf(key2) === get(VISITOR));
  async function post(path2, text) {
    try {
      const answer = await fetch(server + path2, {
        method: "POST",
        body: text,
        keepalive: true,
        signal: attempt(() => AbortSignal.timeout(PATIENCE))
      });
      const reply = await answer.text();
      return [
        answer.status,
        attempt(() => JSON.parse(reply || "{}")),
        +(answer.headers.get("Retry-After") || 0)
      ];
    } catch (e) {
      return [0];
    }
  }
  var send = (all) => deliver(all).catch(() => {
  });
  async function deliver(all) {
    if (lease || off() || /** @type {any} */
    document.prerendering) return;
    let [wait, fails] = gate();
    if (wait > 0) return pick(most, all)[0] && wakeSomewhen(wait);
    for (wait = 0; !wait; ) {
      prepare();
      const batch = pick(most, all);
      if (!batch[0]) return release();
      all = false;
      const mine = lease = shut(LEASE, 0);
      wait = conclude(batch, await post("/e", body(batch)), fails);
      if (lease !== mine) return;
    }
    lease = "";
    shut(wait, fails + 1);
    wakeSomewhen(wait);
  }
  function conclude(batch, [status, said, after], fails) {
    if (said && status > 199 && status < 300) return acknowledge(batch, said);
    const { error, gone: gone2 } = said || {};
    if (status === 410 && gone2 && gone2[0]) return forget(gone2);
    if (/40[1345]|415/.test("" + status) || error === "version") return HOUR;
    if (status === 400 || status === 413) {
      most = batch.length >> 1 || 1;
      if (!batch[1]) giveUp(batch[0][0]);
      return 0;
    }
    const doubled = Math.min(LONGEST_BACK_OFF, 2e3 * 2 ** fails);
    return Math.max(doubled * (0.5 + Math.random() / 2), Math.min((after || 0) * 1e3, HOUR));
  }
  function acknowledge(batch, { as, rejected = [] }) {
    most = BATCH_EVENTS;
    if (as !== void 0) marks[visitorOf(batch[0][0])] = as;
    if (isFresh(batch)) remove(FRESH);
    batch.forEach(([key2, raw], at2) => {
      if (get(key2) === raw) settled(key2, !rejected.some(({ index }) => index === at2));
    });
    return 0;
  }
  function forget(gone2) {
    for (const key2 of queued()) if (gone2.includes(visitorOf(key2))) settled(key2, false);
    if (gone2.includes(visitor())) renew();
    return 0;
  }
  function sendLast() {
    release();
    const [wait, fails] = gate();
    if (off() || fails && wait > 5e3) return;
    prepare();
    const batch = pick(BATCH_EVENTS, true, true);
    if (batch[0]) navigator.sendBeacon(server + "/e", body(batch));
  }
  var sendClear = () => post("/e", body([], true));
  async function sendEmail(email) {
    if (!known()) return false;
    const text = JSON.stringify({ visitor: visitor(), email });
    const [status, said] = await post("/email", text);
    if (said && said.gone) forget(said.gone);
    return status === 200;
  }
  function followOthers() {
    on(window, "storage", ({ key: key2 }) => {
      if (get(key2)) return;
      if (key2 === GATE) wakeSomewhen();
      if (own[key2]) settled(key2, true);
    });
    on(window, "online", () => {
      if (gate()[1]) remove(GATE);
      wakeSomewhen();
    });
  }

  // js/views.js
  var TICK = 5e3;
  var LONGEST_TICK = 7e3;
  var IDLE = 6e4;
  var SETTLES = 400;
  var AT_ONCE = 1e3;
  var started = false;
  var gone = false;
  var view = (
    /** @type {Event} */
    {}
  );
  var key = "";
  var sent = false;
  var path = "";
  var place = "";
  var href = "";
  var strayed = false;
  var at = 0;
  var since = 0;
  var input = 0;
  var reading = false;
  var engaged = 0;
  var scroll = 0;
  var saved = "";
  var route = () => /^#!?\//.test(location.hash) ? location.hash : "";
  var pathNow = () => location.pathname + ("hash" in settings ? location.hash : route());
  var placeNow = () => pathNow() + "?" + location.search;
  var address = () => (location.href.split("#")[0] + route()).slice(0, 4096);
  var title = () => document.title.slice(0, 500);
  function made() {
    const time = Date.now();
    return { id: uuid(time), time, tz: -(/* @__PURE__ */ new Date()).getTimezoneOffset() };
  }
  var current = () => visitorOf(key) === visitor() ? view.id : void 0;
  function locate() {
    path = pathNow();
    place = placeNow();
    href = location.href;
  }
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
      status: !view.id && settings.status && +settings.status || void 0
    };
    key = record(view);
    if (key && granted()) leaveTrace(view.id);
    locate();
    at = elapsed();
    engaged = scroll = 0;
    saved = "";
    sent = strayed = false;
  }
  function move(kind) {
    if (!view.id || placeNow() === place) return;
    const redirected = elapsed() - at < AT_ONCE;
    if (kind === "replace" && (pathNow() === path || redirected)) {
      strayed = strayed || sent && pathNow() !== path;
      locate();
      return amend();
    }
    show(kind, href);
    wake(SETTLES);
  }
  function amend() {
    if (sent || !own[key]) return;
    if (view.url === address() && view.title === title()) return;
    view.url = address();
    view.title = title();
    record(view);
  }
  function close() {
    amend();
    sent = true;
  }
  function look() {
    const seen = (scrollY + innerHeight) / document.documentElement.scrollHeight;
    scroll = Math.max(scroll, Math.min(100, Math.round(seen * 100)) || 0);
  }
  function account() {
    const now = elapsed();
    if (reading) {
      engaged += Math.min(now - Math.max(since, at), LONGEST_TICK);
      look();
    }
    since = now;
    reading = !hidden() && document.hasFocus() && now - input < IDLE;
  }
  function saveLeave() {
    account();
    if (!visitorOf(key)) return;
    const leave = {
      engaged: Math.round(engaged),
      scroll,
      title: sent && !strayed && title() !== view.title ? title() : void 0
    };
    if (saved === (saved = JSON.stringify(leave))) return;
    const { id, visitor: visitor2 } = view;
    record({ type: "leave", view: id, visitor: visitor2, time: Date.now(), ...leave });
  }
  function watchReading() {
    input = since = elapsed();
    on(window, "pointerdown pointermove keydown scroll", ({ type }) => {
      input = elapsed();
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
  function watchMoves() {
    const { navigation } = (
      /** @type {any} */
      window
    );
    if (navigation) {
      return on(navigation, "currententrychange", (event) => move(event.navigationType));
    }
    for (const kind of ["push", "replace"]) {
      const name = (
        /** @type {"pushState"} */
        kind + "State"
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
    if (view.id) return;
    if (
      /** @type {any} */
      document.prerendering
    ) {
      return on(document, "prerenderingchange", begin);
    }
    if (hidden()) return on(document, "visibilitychange", begin);
    const [load] = (
      /** @type {any[]} */
      performance.getEntriesByType("navigation")
    );
    const kinds = { reload: "reload", back_forward: "traverse" };
    const kind = kinds[
      /** @type {"reload"} */
      (load || {}).type
    ] || "load";
    show(kind, document.referrer);
    wake(document.readyState === "loading" ? SETTLES : 0);
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
  function call(kind) {
    if (!started) return open();
    if (!view.id || placeNow() === place && elapsed() - at < AT_ONCE) return;
    show(kind || "call", href);
    wake(0);
  }
  var uncount = () => void (key = "");
  function resume() {
    open();
    if (view.id && !key) show("call");
    wake(0);
  }

  // js/calls.js
  var deliver2 = (event) => new Promise((resolve) => {
    record(event, resolve);
    wake(0);
  });
  var track = (name, props) => deliver2({ type: "event", ...made(), view: current(), name: "" + name, props });
  var identify = (token) => deliver2({ type: "identify", ...made(), token });
  function registerEmail(address2) {
    const field = (
      /** @type {HTMLInputElement} */
      document.getElementById("emailUNT")
    );
    return sendEmail(typeof address2 === "string" ? address2 : field.value);
  }

  // js/choices.js
  function withdraw(choice, value) {
    if (known()) sendClear();
    for (const key2 in own) settled(key2, false);
    wipe();
    uncount();
    keep(choice, value);
  }
  function consent(given) {
    if (!given) return withdraw(CONSENT, NO);
    if (get(CONSENT) === NO) keep(FRESH, YES);
    keep(CONSENT, YES);
    settle();
    resume();
  }
  function optOut(out = true) {
    if (out) return withdraw(OFF, YES);
    if (!get(OFF)) return;
    remove(OFF);
    keep(FRESH, YES);
    resume();
  }
  function reset() {
    if (!known()) return;
    renew();
    leaveTrace();
  }

  // js/clicks.js
  var DOWNLOAD = /\.(csv|dmg|docx?|epub|exe|gz|mp[34]|pdf|pptx?|rar|xlsx?|zip)$/i;
  function trackNamed(element) {
    if (!element || !element.hasAttribute("data-unt")) return;
    const props = {};
    for (const { name, value } of element.attributes) {
      const [, prop] = name.split("data-unt-");
      if (prop) props[prop] = value;
    }
    track(element.getAttribute("data-unt") || "", props);
    return true;
  }
  function watchClicks() {
    const all = settings.clicks !== "off";
    on(document, "click auxclick", (event) => {
      const clicked = event.composedPath()[0];
      if (event.button > 1 || trackNamed(clicked.closest("[data-unt]:not(form)"))) return;
      const link = all && clicked.closest("a[href],area[href]");
      if (!link || !/^http/.test(link.protocol)) return;
      const url = link.origin + link.pathname;
      if (link.hasAttribute("download") || DOWNLOAD.test(url)) track("download", { url });
      else if (link.origin !== location.origin) track("outbound", { url });
    });
    on(document, "submit", ({ target }) => {
      if (trackNamed(target) || !all) return;
      track("form", { form: target.getAttribute("id") || target.getAttribute("name") });
    });
  }

  // js/unt.js
  var page = window;
  var calls = {
    before: setHook,
    consent,
    email: registerEmail,
    flush: () => send(true),
    id: () => known() ? visitor() : null,
    identify,
    open,
    optOut,
    reset,
    track,
    view: call
  };
  var safe = (work) => (...given) => attempt(() => work(...given));
  function install() {
    page.UNT = safe((server2) => {
      if (server2 && !isOpen()) aim(server2);
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
    if (!page.UNT || !page.UNT.open) install();
    if ("auto" in settings) page.UNT.open();
  });
})();
