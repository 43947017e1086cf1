"use strict";
// Charts that one may look closer at: uPlot takes over from the server's picture, with the same numbers and colours.
// Pointing tells the values, dragging across looks closer, a double click goes back.
(() => {
  const HEIGHT = 258;
  const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]; // seconds
  const mounted = new Map(); // the plot's element -> { plot, watcher, text }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const seriesColour = (index) => colour(`--s${index % 12}`);

  // the same hatching as in the picture, so that colour is never alone
  function fill(index, hatch) {
    const ratio = devicePixelRatio || 1;
    const tile = document.createElement("canvas");
    tile.width = tile.height = Math.round(6 * ratio);
    const pen = tile.getContext("2d");
    pen.scale(tile.width / 6, tile.width / 6);
    pen.fillStyle = seriesColour(index);
    pen.fillRect(0, 0, 6, 6);
    pen.strokeStyle = colour("--bg");
    pen.globalAlpha = 0.75;
    pen.lineWidth = 1.1;
    if (hatch) pen.stroke(new Path2D(hatch));
    return pen.createPattern(tile, "repeat");
  }

  function columns(chart, across) {
    const last = chart.series.length - 1;
    if (chart.kind !== "stacked") return [across, ...chart.series.map((one) => one.values)];
    const sums = across.map(() => 0);
    const add = (value, place) => (value > 0 ? (sums[place] += value) : null); // of nothing not even an edge is drawn
    const stacked = chart.series.map((one) => one.values.map(add));
    return [across, ...stacked.map((_, index) => stacked[last - index])]; // the highest first: the others cover it
  }

  function seriesOf(chart) {
    const last = chart.series.length - 1;
    if (chart.kind === "stacked") {
      const paths = uPlot.paths.bars({ size: [0.8, 110] });
      return chart.series.map((_, order) => ({
        fill: () => fill(last - order, chart.series[last - order].hatch),
        stroke: () => colour("--bg"),
        width: 0.75,
        paths,
        points: { show: false },
      }));
    }
    return chart.series.map((one, index) => ({
      stroke: () => seriesColour(index),
      width: 1.8,
      dash: one.dash.length ? one.dash : undefined,
      points: { show: one.values.length <= 20, size: 6, fill: () => seriesColour(index), stroke: () => colour("--bg") },
    }));
  }

  // as many labels as have room, each at a place where there is a value
  function splits(across, labels) {
    const gap = Math.max(36, 7 * Math.max(...labels.map((label) => label.length)) + 18);
    return (plot, _axis, low, high) => {
      const found = [];
      for (const place of across) {
        if (place < low || place > high) continue;
        const before = found[found.length - 1];
        if (before === undefined || plot.valToPos(place, "x") - plot.valToPos(before, "x") >= gap) found.push(place);
      }
      return found;
    };
  }

  function range(chart, across) {
    const [first, last] = [across[0], across[across.length - 1]];
    const whole =
      chart.kind === "stacked"
        ? [-0.5, Math.max(across.length, 8) - 0.5]
        : first === last
          ? [first - 1, last + 1]
          : [first, last];
    return (_plot, low, high) => (low <= first && high >= last ? whole : [low, high]);
  }

  function height(chart) {
    return (_plot, low, high) => {
      low = Math.min(low ?? 0, chart.band ? chart.band[0] : Infinity);
      high = Math.max(high ?? 1, chart.band ? chart.band[1] : -Infinity);
      const foot = chart.kind !== "stacked" && low < high && low > (high * 2) / 3 ? low - (high - low) * 0.1 : Math.min(0, low);
      return [foot, high > foot ? high + (high - foot) * 0.06 : foot + 1];
    };
  }

  // round steps as the server's: 1, 2 and 5, of seconds those that people count in
  function steps(unit) {
    const found = [];
    for (let power = -9; power < 16; power++) for (const one of [1, 2, 5]) found.push(Number(`${one}e${power}`));
    if (unit === "seconds") return [...found.filter((step) => step < 1), ...TIMES, ...found.filter((step) => step > 86400)];
    return unit === "count" || unit === "tokens" ? found.filter((step) => step >= 1) : found;
  }

  // the lines' names behind their ends, moved apart where they would cover each other
  function drawNames(chart) {
    return (plot) => {
      const ratio = devicePixelRatio || 1;
      const apart = 14 * ratio;
      const { ctx: pen, bbox: box } = plot;
      const ends = [];
      chart.series.forEach((one, index) => {
        const last = one.values.slice(0, plot.series[0].idxs[1] + 1).findLast((value) => value !== null);
        if (last !== undefined) ends.push({ y: plot.valToPos(last, "y", true), index, name: one.end });
      });
      ends.sort((one, other) => one.y - other.y);
      pen.save();
      pen.font = `${12 * ratio}px system-ui, sans-serif`;
      pen.textAlign = "left";
      pen.textBaseline = "middle";
      let above = -Infinity;
      ends.forEach(({ y, index, name }, order) => {
        above = Math.max(Math.min(y, box.top + box.height - apart * (ends.length - 1 - order)), above + apart);
        pen.fillStyle = seriesColour(index);
        pen.fillText(name, box.left + box.width + 8 * ratio, above);
      });
      pen.restore();
    };
  }

  function drawBehind(chart, across) {
    return (plot) => {
      const { ctx: pen, bbox: box } = plot;
      pen.save();
      pen.beginPath();
      pen.rect(box.left, box.top, box.width, box.height);
      pen.clip();
      if (chart.band) {
        const [top, foot] = [plot.valToPos(chart.band[1], "y", true), plot.valToPos(chart.band[0], "y", true)];
        pen.fillStyle = colour("--band");
        pen.fillRect(box.left, top, box.width, foot - top);
      }
      const ratio = devicePixelRatio || 1;
      for (const mark of chart.marks) {
        const place = plot.valToPos(across[mark.at], "x", true);
        pen.strokeStyle = colour({ good: "--good", warn: "--warn", bad: "--bad" }[mark.tone] || "--strong");
        pen.setLineDash([3 * ratio, 3 * ratio]);
        pen.lineWidth = ratio;
        pen.beginPath();
        pen.moveTo(place, box.top);
        pen.lineTo(place, box.top + box.height);
        pen.stroke();
      }
      pen.setLineDash([]);
      pen.lineWidth = 4 * ratio;
      pen.strokeStyle = colour("--bg");
      pen.fillStyle = colour("--muted");
      pen.font = `${12 * ratio}px system-ui, sans-serif`;
      pen.textAlign = "left";
      let free = -Infinity;
      for (const mark of chart.marks) {
        const place = plot.valToPos(across[mark.at], "x", true);
        const wide = pen.measureText(mark.label).width;
        const fits = place + 4 * ratio + wide <= box.left + box.width; // else it stands before its line
        const start = fits ? place + 4 * ratio : place - 4 * ratio - wide;
        if (start < free || place < box.left || place > box.left + box.width) continue;
        free = start + wide + 8 * ratio;
        pen.strokeText(mark.label, start, box.top + 11 * ratio);
        pen.fillText(mark.label, start, box.top + 11 * ratio);
      }
      pen.restore();
    };
  }

  function tell(tip, chart, plot) {
    const { idx: place, left, top } = plot.cursor;
    tip.hidden = place === null || place === undefined || left < 0;
    if (tip.hidden) return;
    const line = (name, text) => {
      const row = document.createElement("span");
      const label = document.createElement("i");
      label.textContent = name;
      row.append(label, text);
      return row;
    };
    const written = (value) => tacho.format(value, chart.unit);
    const head = document.createElement("b");
    head.textContent = chart.labels[place];
    const rows = chart.series.filter((one) => one.values[place] || chart.kind !== "stacked");
    const lines = rows.map((one) => line(one.name, written(one.values[place])));
    if (chart.kind === "stacked" && rows.length !== 1) {
      const sum = chart.series.reduce((total, one) => total + (one.values[place] || 0), 0);
      lines.push(line("together", written(sum)));
    }
    for (const mark of chart.marks) if (mark.at === place) lines.push(line(mark.label, ""));
    tip.replaceChildren(head, ...lines);
    const room = plot.over.clientWidth;
    const start = plot.over.offsetLeft;
    const flip = left > room / 2;
    tip.style.left = flip ? "" : `${start + left + 14}px`;
    tip.style.right = flip ? `${plot.root.clientWidth - start - left + 14}px` : "";
    tip.style.top = `${Math.max(0, top - 20)}px`;
  }

  function build(box, chart) {
    const across = chart.moments.length ? chart.moments.map((moment) => moment / 1000) : chart.labels.map((_, place) => place);
    const back = document.createElement("button");
    back.type = "button";
    back.className = "whole";
    back.textContent = "Show all";
    back.hidden = true;
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    const axis = { stroke: () => colour("--muted"), font: "12px system-ui, sans-serif", ticks: { show: false } };
    const whole = ({ scales: { x } }) => x.min <= across[0] && x.max >= across[across.length - 1];
    const named = chart.kind === "lines" && chart.series.length > 1 && box.clientWidth > 620;
    const options = {
      width: Math.max(200, box.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      padding: [8, named ? 124 : 26, 0, 0],
      cursor: { drag: { x: true, y: false }, y: false, points: { show: chart.kind !== "stacked" } },
      scales: { x: { time: false, range: range(chart, across) }, y: { range: height(chart) } },
      series: [{}, ...seriesOf(chart)],
      axes: [
        {
          ...axis,
          size: 32,
          gap: 9,
          grid: { show: false },
          border: { show: true, stroke: () => colour("--strong"), width: 1 },
          splits: splits(across, chart.short),
          values: (_plot, at) => at.map((place) => chart.short[across.indexOf(place)] ?? ""),
        },
        {
          ...axis,
          size: 54,
          space: 42,
          incrs: steps(chart.unit),
          grid: { stroke: () => colour("--line"), width: 1 },
          values: (_plot, at) => at.map((value) => tacho.tick(value, chart.unit)),
        },
      ],
      hooks: { drawClear: [drawBehind(chart, across)], draw: named ? [drawNames(chart)] : [], setCursor: [(plot) => tell(tip, chart, plot)],
        setScale: [(plot, key) => key === "x" && (back.hidden = whole(plot))],
      },
    };
    const plot = new uPlot(options, columns(chart, across), box);
    plot.root.setAttribute("aria-hidden", "true"); // the picture and the table are there for those who do not see it
    back.tabIndex = -1;
    back.addEventListener("click", () => plot.setScale("x", { min: across[0], max: across[across.length - 1] }));
    plot.root.append(back);
    plot.root.append(tip);
    let pressed = 0;
    plot.over.addEventListener("pointerdown", (event) => (pressed = event.clientX));
    plot.over.addEventListener("click", (event) => {
      const href = chart.hrefs[plot.cursor.idx ?? -1];
      if (href?.startsWith("/") && !href.startsWith("//") && Math.abs(event.clientX - pressed) < 4) location.assign(href);
    });
    if (chart.hrefs.some(Boolean)) plot.over.classList.add("leads");
    return plot;
  }

  function drop(box) {
    const held = mounted.get(box);
    if (!held) return;
    held.watcher.disconnect();
    held.plot.destroy();
    box.classList.remove("taken");
    mounted.delete(box);
  }

  function take(script) {
    const box = script.closest("figure")?.querySelector(".plot");
    if (!box || mounted.get(box)?.text === script.textContent || !box.clientWidth) return;
    drop(box);
    const plot = build(box, JSON.parse(script.textContent));
    box.classList.add("taken");
    const narrow = box.clientWidth <= 620;
    const watcher = new ResizeObserver(() => {
      if (!box.clientWidth) return;
      if (narrow === box.clientWidth <= 620) return plot.setSize({ width: box.clientWidth, height: HEIGHT });
      drop(box);
      take(script);
    });
    watcher.observe(box);
    mounted.set(box, { plot, watcher, text: script.textContent });
  }

  tacho.charts = {
    // take over every chart that has not been; let go of those that are gone
    mount() {
      for (const box of [...mounted.keys()]) if (!box.isConnected) drop(box);
      document.querySelectorAll("script[data-chart]").forEach(take);
    },
    // before a figure is changed: whether it may stay as it is, closer look and all
    keeps(old, fresh) {
      const [before, after] = [old.querySelector("script[data-chart]"), fresh.querySelector("script[data-chart]")];
      const box = old.querySelector(".plot");
      if (!before || !mounted.has(box)) return false;
      if (after && after.textContent === before.textContent) return true;
      drop(box);
      return false;
    },
  };

  document.addEventListener("toggle", () => tacho.charts.mount(), true); // those that were folded away
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    [...mounted.keys()].forEach(drop);
    tacho.charts.mount();
  });
})();
