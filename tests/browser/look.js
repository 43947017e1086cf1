// Everything that a reader can do to a page, in one go; gives a list of what is there that no page of ours has.
async (mark) => {
  const found = [];
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const openAll = () => document.querySelectorAll("details").forEach((one) => (one.open = true));
  openAll();
  const end = performance.now() + 20000;
  const waiting = () => [...document.querySelectorAll(".turn-slot")].find((one) => !one.hasAttribute("data-loaded"));
  for (let slot; (slot = waiting()); await pause(10)) {
    if (performance.now() > end) return ["the calls of a turn have not come"];
    slot.scrollIntoView(); // calls come when their turn comes into sight
  }
  openAll(); // what has come just now, too
  for (const one of document.querySelectorAll("td, th, a, summary")) {
    one.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  }
  for (const one of document.querySelectorAll(".plot.taken .u-over")) {
    const box = one.getBoundingClientRect();
    for (let part = 0.05; part < 1; part += 0.15) {
      one.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: box.x + box.width * part, clientY: box.y + 60 }));
      await null;
    }
  }
  if (mark && !document.documentElement.textContent.includes(mark)) found.push(`${mark} is not shown`);

  const address = /^(src|srcset|href|xlink:href|action|formaction|data|srcdoc|poster|background|ping|cite|manifest)$/;
  const ours = (value) => {
    const url = new URL(value, location.href);
    return url.origin === location.origin && (url.protocol === location.protocol);
  };
  const strange = /^(iframe|frame|object|embed|base|foreignobject|img|image|video|audio|source|template|marquee|math|use|animate|set|style|portal|noscript|body-x)$/;
  for (const one of document.querySelectorAll("*")) {
    const name = one.localName.toLowerCase();
    if (strange.test(name)) found.push(`element ${name}`);
    if (name === "script" && !(one.dataset.chart && one.type === "application/json") && !/^\/static\//.test(one.getAttribute("src"))) {
      found.push(`script ${one.outerHTML.slice(0, 90)}`);
    }
    if (name === "meta" && /refresh|set-cookie/i.test(one.httpEquiv)) found.push(`meta ${one.outerHTML}`);
    for (const { name: key, value } of one.attributes) {
      if (/^on/i.test(key)) found.push(`attribute ${key}`);
      if (/^(data-)?hx-/.test(key) && !/^hx-(get|trigger|select|swap)$/.test(key)) found.push(`attribute ${key}`);
      if (/^hx-trigger$/.test(key) && value !== "intersect once") found.push(`trigger ${value}`);
      if (/^(data-)?hx-(get|post)$/.test(key) && !/^\/turn\?/.test(value)) found.push(`${key} ${value}`);
      if (address.test(key.toLowerCase()) && !ours(value) && !(name === "link" && value.startsWith("data:image/svg+xml"))) {
        found.push(`${name} ${key}=${value}`);
      }
      if (key === "style" && /url|expression|@import/i.test(value)) found.push(`style ${value}`);
    }
  }
  return [...new Set(found)];
}
