"use strict";
// What a page does beyond being read: filters without a button, parts changed in place, keys, copying, live growth.
(() => {
  const root = document.documentElement;
  root.classList.add("has-js");
  try {
    sessionStorage.removeItem("htmx-current-path-for-history"); // an address may hold words searched for
  } catch {
    // a browser that keeps nothing
  }
  const byId = (id) => document.getElementById(id);
  const say = (text) => (byId("said").textContent = text);

  // --------------------------------------------------------------------------------------- changes in place
  let here = location.pathname + location.search;
  let asked = 0;

  const grown = new Set(); // what was fetched when it was opened, and is more by now

  const callbacks = {
    beforeNodeMorphed(old, fresh) {
      if (old.nodeType !== 1) return true;
      if (old.hasAttribute("data-keep") || old.hasAttribute("data-loaded")) return false;
      const told = (node) => node.querySelector("summary")?.textContent;
      if (old.matches("details[hx-get]") && told(old) !== told(fresh)) grown.add(old);
      if (old.matches("figure.chartbox")) return !tacho.charts.keeps(old, fresh);
      return true;
    },
    // what the reader opened stays open, and the row that has the focus keeps it
    beforeAttributeUpdated: (name, node) =>
      !(name === "open" && node.nodeName === "DETAILS") && !(name === "tabindex" && node === document.activeElement),
  };

  async function fetchPage(address) {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok || !(answer.headers.get("content-type") || "").startsWith("text/html")) throw new Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  // true when the page of this address is shown now; false when a newer wish overtook this one
  async function show(address) {
    const mine = ++asked;
    root.classList.add("waiting");
    try {
      const fresh = await fetchPage(address);
      if (mine !== asked) return false;
      document.title = fresh.title;
      // what is being typed stays; anything else that has the focus (a table, a row) is made anew within
      const ignoreActiveValue = Boolean(document.activeElement?.matches("input, select, textarea"));
      Idiomorph.morph(document.body, fresh.body, { morphStyle: "outerHTML", ignoreActiveValue, callbacks });
      htmx.process(document.body);
      for (const part of grown) {
        if (part.querySelector("[data-loaded]")) htmx.ajax("GET", part.getAttribute("hx-get"), { source: part });
      }
      grown.clear();
      tacho.charts.mount();
      return true;
    } finally {
      if (mine === asked) root.classList.remove("waiting");
    }
  }

  async function visit(address) {
    try {
      if (!(await show(address))) return;
      here = new URL(address, location).pathname + new URL(address, location).search;
      history.pushState({}, "", address);
      say(document.title);
    } catch {
      location.assign(address); // the browser shows what is wrong
    }
  }

  addEventListener("popstate", () => {
    if (location.pathname + location.search === here) return; // only the anchor changed
    here = location.pathname + location.search;
    show(here).catch(() => location.reload());
  });

  // links that order, page or filter what is shown; all others are the browser's own
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href, location);
    if (!link.closest("thead, .paging") || url.pathname !== location.pathname || link.hasAttribute("download")) return;
    event.preventDefault();
    const top = link.closest(".paging")?.parentElement;
    visit(url.href).then(() => {
      if (!top?.isConnected) return;
      top.scrollIntoView({ block: "start" });
      top.querySelector(".scroll")?.focus({ preventScroll: true });
    });
  });

  function submit(form) {
    const values = [...new FormData(form)].filter(([, value]) => value !== "");
    const url = new URL(form.action, location);
    url.search = new URLSearchParams(values);
    url.hash = "";
    if (url.pathname === location.pathname) visit(url.href);
    else location.assign(url.href);
  }
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-filters]");
    if (form) submit(form);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-filters]")) return;
    event.preventDefault();
    submit(event.target);
  });

  // what was fetched when it was opened is not thrown away when the page is made anew
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target?.setAttribute?.("data-loaded", ""));

  // ------------------------------------------------------------------------------------------------- copying
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "sr";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }
  // a spreadsheet must not take for a formula what a log said
  const tame = (text) => (/^[=+@]|^-(?![\d.])/.test(text) ? "'" + text : text);
  const words = (cell) => tame(cell.innerText.replace(/\s+/g, " ").trim());
  const tableText = (table) => [...table.rows].map((row) => [...row.cells].map(words).join("\t")).join("\n");

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy], [data-copy-table]");
    if (!button) return;
    const table = button.dataset.copyTable && byId(`table-${button.dataset.copyTable}`);
    await copy(table ? tableText(table) : button.dataset.copy);
    const before = button.textContent;
    button.textContent = "Copied";
    button.disabled = true;
    say("Copied");
    setTimeout(() => {
      button.textContent = before;
      button.disabled = false;
    }, 1200);
  });

  // what is cut off is told at pointing
  document.addEventListener("pointerover", (event) => {
    const cell = event.target.closest?.("td, tbody th");
    if (!cell || cell.title || cell.querySelector("[title]")) return;
    const cut = [cell, ...cell.children].some((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth);
    if (cut) cell.title = cell.innerText;
  });

  // a link to what is folded opens it
  function unfold() {
    let sought = null;
    try {
      sought = byId(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return; // an address that somebody made up
    }
    const folds = [];
    for (let one = sought && sought.closest("details"); one; one = one.parentElement.closest("details")) folds.push(one);
    for (const one of folds) one.open = true;
    if (folds.length) sought.scrollIntoView({ block: "start" });
  }
  addEventListener("hashchange", unfold);

  // ---------------------------------------------------------------------------------------------------- keys
  let leading = 0; // when `g` was pressed
  const typing = (element) => element.closest?.("input, select, textarea, [contenteditable], dialog[open]");

  function step(by) {
    const rows = [...document.querySelectorAll("main tbody tr, main [data-row]")].filter((row) => row.checkVisibility());
    if (!rows.length) return;
    const now = rows.indexOf(document.activeElement?.closest("tr, [data-row]"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by))];
    next.tabIndex = -1;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  const keys = {
    "/": () => (document.querySelector("[data-search]") || document.querySelector("main form input, main form select, .scope select"))?.focus(),
    "?": () => byId("keys").showModal(),
    j: () => step(1),
    k: () => step(-1),
    g: () => (leading = Date.now()),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && event.target.matches?.("[data-search]")) {
      event.preventDefault(); // the browser would empty the field
      event.target.blur();
    }
    if (typing(event.target)) return;
    const link = Date.now() - leading < 1500 && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    leading = 0;
    if (link) {
      event.preventDefault();
      link.click();
    } else if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    } else if (event.key === "Enter" && event.target.matches?.("tr, [data-row]")) {
      event.target.querySelector("a[href], summary")?.click();
    }
  });

  // ---------------------------------------------------------------------------------------------------- live
  const PAUSE = 2000;
  let events = null;
  let due = 0; // timer of the next time the page is made anew
  let retry = 0;

  function sign(lost) {
    const live = byId("live");
    live.hidden = false;
    live.classList.toggle("lost", lost);
    live.textContent = lost ? "connection lost, trying again" : "updates live";
  }
  // nothing moves under a reader who is marking text
  const marking = () => !getSelection().isCollapsed && byId("content").contains(getSelection().anchorNode);

  function renew() {
    due ||= setTimeout(async () => {
      due = 0;
      if (document.hidden) return;
      if (marking()) return void renew();
      await show(here).catch(() => sign(true));
    }, PAUSE);
  }
  function concerns(data) {
    const watches = document.body.dataset.watches;
    if (!watches) return true;
    try {
      const { sessions } = JSON.parse(data);
      return sessions.length === 0 || sessions.includes(watches); // none: too many to be named
    } catch {
      return true;
    }
  }
  function listen() {
    clearTimeout(retry);
    if (events || document.hidden || !("live" in document.body.dataset)) return;
    let lost = false;
    events = new EventSource("/events");
    events.addEventListener("open", () => {
      sign(false);
      if (lost) renew();
      lost = false;
    });
    events.addEventListener("change", (event) => concerns(event.data) && renew());
    events.addEventListener("error", () => {
      lost = true;
      sign(true);
      if (events?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      hush();
      retry = setTimeout(() => {
        listen();
        renew();
      }, 10_000);
    });
  }
  function hush() {
    events?.close();
    events = null;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return hush();
    if ("live" in document.body.dataset) renew();
    listen();
  });
  addEventListener("pagehide", hush);
  addEventListener("pageshow", (event) => event.persisted && listen());

  const menu = document.querySelector(".menu");
  const current = menu?.querySelector("[aria-current]");
  if (current) menu.scrollLeft = current.offsetLeft - (menu.clientWidth - current.offsetWidth) / 2; // narrow screens
  tacho.charts.mount();
  unfold();
  listen();
})();
