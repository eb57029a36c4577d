// Relative times: <time datetime="…" data-relative> says "3 min ago" and keeps saying it truly; the exact time in
// the reader's zone is its title. The server renders the same words, so that nothing moves when this runs.

const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [2592000, "day", 86400]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** The words for a time as seen at another. */
export function words(then, now) {
  const seconds = Math.round((then - now) / 1000);
  const age = Math.abs(seconds);
  if (age < 10) return "just now";
  for (const [below, unit, size] of STEPS) {
    if (age < below) return relative.format(Math.trunc(seconds / size), unit);
  }
  return day.format(then);
}

function update(root) {
  const now = Date.now();
  for (const element of root.querySelectorAll("time[data-relative]")) {
    const then = new Date(element.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    const text = words(then, now);
    if (element.textContent !== text) element.textContent = text;
    element.title ||= exact.format(then);
  }
}

update(document);
setInterval(() => document.hidden || update(document), 10_000);
document.addEventListener("htmx:after:swap", () => update(document));
document.addEventListener("visibilitychange", () => document.hidden || update(document));
