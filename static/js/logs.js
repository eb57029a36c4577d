// The log viewer: stays at the newest line until the reader scrolls up, then waits until told to jump back.
// Lines arrive through js/live.js; the oldest are dropped so that a page left open does not grow without end.

const MOST_LINES = 5000;
const NEAR = 24;

function watch(log) {
  const lines = log.querySelector(".log-lines");
  const jump = log.querySelector("[data-log-jump]");
  const atEnd = () => lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR;
  const toEnd = () => { lines.scrollTop = lines.scrollHeight; };
  const setFollow = (on) => { log.dataset.follow = on ? "on" : "off"; };

  lines.addEventListener("scroll", () => setFollow(atEnd()), { passive: true });
  jump?.addEventListener("click", () => {
    toEnd();
    lines.focus({ preventScroll: true });
  });
  new MutationObserver(() => {
    const following = log.dataset.follow !== "off";
    while (lines.childElementCount > MOST_LINES) lines.firstElementChild.remove();
    if (following) toEnd();
  }).observe(lines, { childList: true });
  toEnd();
  setFollow(true);
}

document.querySelectorAll("[data-log]").forEach(watch);
