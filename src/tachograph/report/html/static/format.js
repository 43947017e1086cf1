"use strict";
// Numbers as the server writes them (report/html/values.py), for what only the script shows.
window.tacho = {};

tacho.format = (value, unit) => {
  if (value === null || value === undefined) return unit === "usd" ? "unpriced" : "–";
  if (value < 0) return "−" + tacho.format(-value, unit);
  const group = (number, digits = 0) =>
    number.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (unit === "tokens") {
    for (const [limit, letter] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
      const scaled = value / limit;
      if (scaled >= 1) return scaled.toFixed(scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2) + letter;
    }
    return String(Math.round(value));
  }
  if (unit === "usd" && value > 0 && value < 0.00005) return "<$0.0001";
  if (unit === "usd") return "$" + group(value, value >= 0.01 || value === 0 ? 2 : 4);
  if (unit === "percent") return (value * 100).toFixed(1) + " %";
  if (unit === "seconds") return duration(value);
  if (Number.isInteger(value)) return group(value);
  return value >= 1000 ? group(value) : value >= 100 ? value.toFixed(1) : String(Number(value.toPrecision(3)));

  function duration(seconds) {
    if (seconds === 0) return "0s";
    if (seconds < 9.95) return seconds.toFixed(1) + "s";
    const whole = Math.round(seconds);
    const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600), Math.floor(whole / 60)];
    const two = (number) => String(number).padStart(2, "0");
    if (!minutes) return `${whole}s`;
    if (!hours) return `${minutes}m ${two(whole % 60)}s`;
    return hours < 48 ? `${hours}h ${two(minutes % 60)}m` : `${days}d ${hours % 24}h`;
  }
};

// A number on an axis: without zeros at its end.
tacho.tick = (value, unit) => {
  if (unit === "usd" && Math.abs(value) >= 1000) return (value < 0 ? "−" : "") + "$" + tacho.tick(Math.abs(value), "tokens");
  if (unit === "seconds") return tacho.format(value, unit).replace(/([mhd]) 0+[smh]$/, "$1").replace(".0s", "s");
  if (unit === "count" && Math.abs(value) >= 10000) unit = "tokens";
  const text = tacho.format(value, unit);
  return unit === "count" ? text : text.replace(/\.(\d*?)0+(?=[a-zA-Z %]|$)/, (_, kept) => (kept ? "." + kept : ""));
};
