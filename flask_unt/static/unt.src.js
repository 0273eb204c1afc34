(() => {
  // js/page.js
  var script = (
    /** @type {HTMLScriptElement | null} */
    document.currentScript
  );
  var { dataset: settings, src } = script || { dataset: {}, src: "" };
  var elapsed = () => performance.now();
  function attempt(work) {
    try {
      return work();
    } catch (e) {
    }
  }
  var safe = (work) => (...given2) => attempt(() => work(...given2));
  var on = (target, types, work) => types.split(" ").forEach((type) => target.addEventListener(type, safe(work), true));
  var last = 0;
  function moment() {
    const now = Date.now();
    return last = now > last - 1e3 /* AT_ONCE */ ? Math.max(now, last + 1) : now;
  }
  var uuid = (time) => ((time ? "0" + (time * 4096).toString(16) : "") + // Decimal digits, which are hexadecimal ones too: the 30 of a uuid4 hold 95 bits.
  crypto.getRandomValues(new Uint32Array(5)).join("")).replace(
    /(.{8})(....)(...)(...)(.{12}).*/,
    `$1-$2-${time ? 7 : 4}$3-8$4-$5`
  );

  // js/storage.js
  var site = settings.site ? "." + settings.site : "";
  var OURS = "unt" + site + ":";
  var VISITOR = "tracker-uuid" + site;
  var BORN = OURS + "born";
  var CONSENT = OURS + "consent";
  var DROPPED = OURS + "dropped";
  var FRESH = OURS + "fresh";
  var FROM = OURS + "from";
  var GATE = OURS + "gate";
  var OFF = OURS + "off";
  var store = attempt(() => localStorage) || {};
  var tab = attempt(() => sessionStorage) || {};
  var memory = {};
  var get = (key2) => memory[key2] || store[key2];
  var granted = () => (get(CONSENT) || +!settings.consent) == 1;
  function keep(key2, value) {
    memory[key2] = value;
    attempt(() => {
      store[key2] = value;
      delete memory[key2];
    });
  }
  var put = (key2, value) => granted() ? keep(key2, value) : memory[key2] = value;
  function remove(key2) {
    delete memory[key2];
    delete store[key2];
  }
  var keys = (start) => Object.keys({ ...store, ...memory }).filter((key2) => key2.startsWith(start)).sort();
  var queued = () => keys(OURS + "0");
  function settle() {
    for (const key2 in memory) keep(key2, memory[key2]);
  }

  // js/visitor.js
  var browser = navigator;
  var off = () => get(OFF) || settings.gpc !== "ignore" && (browser.globalPrivacyControl || browser.doNotTrack == "1");
  var known = () => granted() && !off();
  var refresh = () => put(FRESH, visitor());
  function renew() {
    remove(VISITOR);
    remove(BORN);
    delete tab[FROM];
    refresh();
  }
  function visitor() {
    if (!/^[\da-f-]{36}$/i.test(get(VISITOR))) put(VISITOR, uuid());
    if (!get(BORN)) put(BORN, Date.now());
    if (Date.now() - get(BORN) > 34128e6 /* VISITOR_AGE */) renew();
    return get(VISITOR);
  }

  // js/queue.js
  var KIND = OURS.length + 36;
  var own = {};
  var given = { marks: (
    /** @type {Record<string, string | undefined>} */
    {}
  ) };
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
    const oldest = OURS + uuid(Date.now() - 6048e5 /* OLDEST */);
    let length = 0;
    queued().reverse().forEach((key2, newer) => {
      length += get(key2).length;
      if (newer >= 500 /* MOST_EVENTS */ || length > 4e5 /* MOST_LENGTH */ || key2 < oldest) giveUp(key2);
    });
  }
  function record(event, taken = () => {
  }) {
    let key2 = "";
    attempt(() => {
      if (off()) return;
      if (event.visitor === void 0) {
        const nameless = !granted() && settings.consent === "anonymous";
        if (nameless && event.type !== "view") return;
        event.visitor = nameless ? null : visitor();
        event.as = given.marks[event.visitor || ""];
      }
      const copy = { ...event };
      const edited = attempt(() => hook(copy));
      if (!edited && edited !== void 0) return;
      const raw = JSON.stringify(edited || copy);
      if (raw.length > 2e4 /* EVENT_LENGTH */) return giveUp();
      key2 = OURS + (event.id ? event.id + "e" : event.view + "l") + (event.visitor || "");
      put(key2, raw);
      if (!own[key2]) bound();
      own[key2] = taken;
    });
    if (!key2) taken(false);
    return key2;
  }
  function pick(most2, all, mine) {
    const keys2 = queued().filter(
      (key2) => (!mine || own[key2]) && (granted() || !visitorOf(key2))
    );
    if (!all && keys2.every(isLeave)) return [];
    let length = 0;
    return keys2.filter((key2) => visitorOf(key2) === visitorOf(keys2[0])).slice(0, most2).map((key2) => (
      /** @type {Waiting} */
      [key2, get(key2)]
    )).filter(([, raw], at2) => (length += raw.length) < 2e4 /* BATCH_LENGTH */ || !at2);
  }

  // js/views.js
  var started = false;
  var gone = false;
  var view = (
    /** @type {Event & {url: string}} */
    {}
  );
  var key = "";
  var state = 0;
  var at = 0;
  var since = 0;
  var input = 0;
  var reading = false;
  var engaged = 0;
  var scroll = 0;
  var saved = "";
  var heading = "";
  var address = () => location.href.replace("hash" in settings ? "" : /#(?!!?\/).*/, "").slice(0, 4096 /* URL_LENGTH */);
  var withoutQuery = (url) => url.replace(/\?[^#]*/, "");
  var title = () => document.title.slice(0, 500 /* TITLE_LENGTH */);
  function made() {
    const time = moment();
    return { id: uuid(time), time, tz: -(/* @__PURE__ */ new Date()).getTimezoneOffset() };
  }
  var current = () => visitorOf(key) === visitor() ? view.id : void 0;
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
      status: view.id ? void 0 : Number(settings.status) || void 0
    };
    key = record(view);
    if (key && granted()) tab[FROM] = view.id;
    at = since = elapsed();
    engaged = scroll = 0;
    saved = "";
    state = 0;
  }
  function move(kind) {
    const url = address();
    if (!view.id || url === view.url) return;
    const elsewhere = withoutQuery(url) !== withoutQuery(view.url);
    if (kind === "replace" && (!elsewhere || elapsed() - at < 1e3 /* AT_ONCE */)) {
      if (state && elsewhere) state = 2;
      view.url = url;
    } else {
      show(kind, view.url);
      wake(400 /* SETTLES */);
    }
  }
  function closeView() {
    if (state || !own[key]) return;
    state = 1;
    view.title = heading = title();
    record(view);
  }
  function look() {
    const { scrollHeight } = document.documentElement;
    const seen = 100 * (scrollY + innerHeight) / scrollHeight;
    scroll = Math.max(scroll, Math.min(100, seen | 0));
  }
  function saveLeave() {
    const now = elapsed();
    if (reading) {
      engaged += Math.min(now - since, 7e3 /* LONGEST_TICK */);
      look();
    }
    since = now;
    reading = !document.hidden && document.hasFocus() && now - input < 6e4 /* IDLE */;
    const leave = (
      /** @type {Event} */
      {
        type: "leave",
        view: view.id,
        visitor: view.visitor,
        engaged: engaged | 0,
        scroll,
        title: state === 1 ? heading : void 0
      }
    );
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
      if (type === "scroll") look();
    });
    setInterval(safe(leaveNow), 5e3 /* TICK */);
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
      history[name] = function(...given2) {
        original.apply(this, given2);
        attempt(() => move(kind));
      };
    }
    on(window, "popstate hashchange", () => move("traverse"));
  }
  function begin() {
    if (view.id || document.hidden) return;
    const reloaded = attempt(() => performance.navigation.type) === 1;
    show(reloaded ? "reload" : "load", document.referrer);
    wake(document.readyState === "loading" ? 400 /* SETTLES */ : 0);
  }
  function open(server2) {
    if (started || off()) return;
    started = true;
    aim(server2);
    followOthers();
    watchMoves();
    watchReading();
    begin();
  }
  function call(kind = "call", server2 = "") {
    if (!started) return open(server2);
    if (!view.id || address() === view.url && elapsed() - at < 1e3 /* AT_ONCE */) return;
    show(kind, view.url);
    wake(0);
  }
  var hush = (gone2) => void (gone2.includes(visitorOf(key)) && (key = ""));
  function uncount() {
    view = /** @type {any} */
    {};
    key = "";
  }
  function resume() {
    open();
    begin();
    wake(0);
  }

  // js/sender.js
  var server = settings.server || src.replace(/[^/]*$/, "");
  var aim = (address2) => void (server = (address2 || server).replace(/\/$/, ""));
  var lease = "";
  var most = 50 /* BATCH_EVENTS */;
  var timer = 0;
  function gate() {
    const [until, fails, since2] = (get(GATE) || "||").split("|");
    const now = Date.now();
    return [since2 <= now ? until - now : 0, +fails];
  }
  function shut(wait, fails) {
    const now = Date.now();
    put(GATE, [now + wait, fails, now].join("|"));
    return get(GATE);
  }
  function release() {
    if (get(GATE) === lease) remove(GATE);
    lease = "";
  }
  function wake(delay) {
    clearTimeout(timer);
    timer = setTimeout(send, delay);
  }
  var wakeSomewhen = (wait = 0) => wake(wait + Math.random() * 900 /* JITTER */);
  var zone = () => attempt(() => (
    /** @type {any} */
    window.Temporal.Now.timeZoneId()
  )) || attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  var body = (batch) => JSON.stringify({
    v: 1,
    sent: Date.now(),
    zone: zone(),
    dropped: +get(DROPPED) || 0,
    webdriver: navigator.webdriver,
    fresh: visitorOf(batch[0][0]) === get(FRESH)
  }).slice(0, -1) + `,"events":[${batch.map(([, raw]) => raw)}]}`;
  async function post(path, text) {
    try {
      const answer = await fetch(server + path, {
        method: "POST",
        body: text,
        keepalive: true,
        signal: attempt(() => AbortSignal.timeout(12e3 /* PATIENCE */))
      });
      const { status, headers } = answer;
      const reply = await answer.text();
      const after = +(headers.get("Retry-After") || 0);
      return { ...attempt(() => JSON.parse(reply)), status, after };
    } catch (e) {
      return {};
    }
  }
  async function send(all) {
    if (lease || off() || /** @type {any} */
    document.prerendering) return;
    let [wait, fails] = gate();
    if (wait > 0) return pick(most, all)[0] && wakeSomewhen(wait);
    for (wait = 0; !wait; all = false) {
      closeView();
      const batch = pick(most, all);
      if (!batch[0]) return release();
      const mine = lease = shut(15e3 /* LEASE */, 0);
      wait = conclude(batch, await post("/e", body(batch)), fails);
      if (lease !== mine) return;
    }
    lease = "";
    shut(wait, fails + 1);
    wakeSomewhen(wait);
  }
  function conclude(batch, said, fails) {
    const { status, after = 0 } = said;
    const who = visitorOf(batch[0][0]);
    if (said.accepted != null) {
      const refused = (said.rejected || []).map(({ index }) => index);
      most = 50 /* BATCH_EVENTS */;
      if (said.as != null) given.marks[who] = said.as;
      if (who === get(FRESH)) remove(FRESH);
      batch.forEach(([key2, raw], at2) => {
        if (get(key2) === raw) settled(key2, !refused.includes(at2));
      });
      return 0;
    }
    if (forget(said).includes(who)) return 0;
    if (/40[1345]|415/.test("" + status) || said.error === "version") return 36e5 /* HOUR */;
    if (/400|413/.test("" + status)) {
      most = batch.length >> 1 || 1;
      if (!batch[1]) giveUp(batch[0][0]);
      return 0;
    }
    const doubled = Math.min(3e5 /* LONGEST_BACK_OFF */, 2e3 /* FIRST_BACK_OFF */ * 2 ** fails);
    return Math.max(doubled * (0.5 + Math.random() / 2), Math.min(after * 1e3, 36e5 /* HOUR */));
  }
  function forget({ gone: gone2 = [] }) {
    for (const key2 of queued()) if (gone2.includes(visitorOf(key2))) settled(key2, false);
    hush(gone2);
    if (gone2.includes(visitor())) renew();
    return gone2;
  }
  function sendLast() {
    release();
    const [wait, fails] = gate();
    if (off() || fails && wait > 5e3 /* BEACON_ANYWAY */) return;
    closeView();
    const batch = pick(50 /* BATCH_EVENTS */, true, true);
    if (batch[0]) navigator.sendBeacon(server + "/e", body(batch));
  }
  var sendClear = () => post("/e", '{"v":1,"events":[],"clear":true}');
  async function sendEmail(email) {
    if (!known()) return false;
    const said = await post("/email", JSON.stringify({ visitor: visitor(), email }));
    forget(said);
    return said.status === 200;
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

  // js/choices.js
  function withdraw(choice, value) {
    if (known()) sendClear();
    for (const key2 of keys(OURS).concat(VISITOR)) if (key2 !== OFF) settled(key2, false);
    delete tab[FROM];
    uncount();
    keep(choice, value);
  }
  var choices = {
    /** @param {boolean} given */
    consent(given2) {
      if (!given2) return withdraw(CONSENT, "0");
      const again = get(CONSENT) === "0";
      keep(CONSENT, "1");
      settle();
      if (again) refresh();
      resume();
    },
    /** @param {boolean} [out] */
    optOut(out = true) {
      if (out) return withdraw(OFF, "1");
      if (!get(OFF)) return;
      remove(OFF);
      refresh();
      resume();
    },
    /** A new visitor from here on: somebody else sits down at this browser. */
    reset() {
      if (known()) renew();
    }
  };

  // js/calls.js
  var deliver = (event) => new Promise((resolve) => {
    record({ ...made(), ...event }, resolve);
    wake(0);
  });
  var track = (name, props) => deliver({ type: "event", view: current(), name: "" + name, props });
  var calls = {
    ...choices,
    track,
    open,
    before: setHook,
    view: call,
    flush: () => send(true),
    id: () => known() ? visitor() : null,
    identify: (token) => deliver({ type: "identify", token }),
    /** An address, or what is typed in #emailUNT: an event, where it listens, is none. */
    email(address2) {
      const field = (
        /** @type {HTMLInputElement} */
        document.getElementById("emailUNT")
      );
      return sendEmail(typeof address2 === "string" ? address2 : field.value);
    }
  };

  // js/clicks.js
  var DOWNLOAD = /\.(csv|dmg|docx?|exe|gz|mp[34]|pdf|pptx?|xlsx?|zip)$/;
  var watchClicks = () => on(document, "click auxclick submit", ({ button, target, type }) => {
    const submits = type === "submit";
    const element = submits ? target : target.closest("[data-unt]:not(form)") || target.closest("[href]");
    const { origin, pathname } = element;
    const name = element.getAttribute("data-unt");
    const props = {};
    if (button > 1) return;
    if (name) {
      for (const { name: name2, value } of element.attributes) {
        if (name2.startsWith("data-unt-")) props[name2.slice(9)] = value;
      }
      return track(name, props);
    }
    if (settings.clicks === "off") return;
    if (submits) return track("form", { form: element.getAttribute("id") });
    props.url = origin + pathname;
    if (element.hasAttribute("download") || DOWNLOAD.test(pathname)) {
      track("download", props);
    } else if (origin !== location.origin && /^http/.test(origin)) {
      track("outbound", props);
    }
  });

  // js/unt.js
  var page = window;
  attempt(() => {
    let { UNT, unt } = page;
    if (!UNT || !UNT.open) {
      UNT = page.UNT = safe((server2) => calls.view("call", server2));
      for (const name in calls) UNT[name] = safe(calls[name]);
      page.registerEmail = UNT.email;
      watchClicks();
      const push = safe(([name, ...given2]) => UNT[name](...given2));
      page.unt = { push };
      if (Array.isArray(unt)) unt.forEach(push);
    }
    if ("auto" in settings) UNT.open();
  });
})();
