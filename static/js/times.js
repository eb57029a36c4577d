// Relative times: <time datetime="…" data-relative> says "3 min ago" and keeps saying it truly; the exact time in
// the reader's zone is its title. The server renders the same words, so that nothing moves when this runs.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** The words for a time as seen at another; the same rule as platform::web::ago. */
export function words(then, now) {
  const age = Math.abs(now - then);
  const count = (size, unit) => Math.floor(age / size) + unit;
  if (age < MINUTE) return "just now";
  if (age >= 30 * DAY) return date.format(then);
  const days = Math.floor(age / DAY);
  const span = age < HOUR ? count(MINUTE, " min") : age < DAY ? count(HOUR, " h") : days === 1 ? "1 day" : `${days} days`;
  return now < then ? `in ${span}` : `${span} ago`;
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
