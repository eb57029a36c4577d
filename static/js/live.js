// Live pages: one event stream a page, opened by <span data-live="/…/live?after=ID"> (templates/components/live.html
// tells the whole contract). Each message is HTML made of <hx-partial> elements; htmx puts each in its place.
//
// Why not htmx's own SSE extension (4.0.1, tried in Chromium): loaded with `defer` it often registers after htmx has
// processed the page and never connects; its first connection is not retried; a redirect to the sign-in page is
// swapped into the page; and it has no Last-Event-ID before the first message. Here a
// connection that ends for any reason is opened again with `after` = the last event seen, with growing pauses, and a
// tab in the background gives its connection back (a browser allows only six to one host).

const WORDS = { on: "Live", lost: "Offline", off: "Paused" };
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
const HIDDEN_GRACE = 15_000;

function follow(mark) {
  const url = new URL(mark.dataset.live, location.href);
  let source = null;
  let failures = 0;
  let timer = 0;

  const show = (state) => {
    mark.dataset.state = state;
    mark.textContent = WORDS[state];
  };
  const stop = (state) => {
    clearTimeout(timer);
    source?.close();
    source = null;
    show(state);
  };
  const start = () => {
    if (source) return;
    clearTimeout(timer);
    source = new EventSource(url);
    source.onopen = () => {
      failures = 0;
      show("on");
    };
    source.onmessage = (event) => {
      if (event.lastEventId) url.searchParams.set("after", event.lastEventId);
      htmx.swap({ sourceElement: mark, text: event.data, swap: "none" });
    };
    // The server no longer has the events since `after`.
    source.addEventListener("reload", () => location.reload());
    source.onerror = () => {
      // The server ends each stream after a minute, to ask anew who is there: that is no loss.
      stop(failures > 0 ? "lost" : "on");
      const pause = Math.min(FIRST_PAUSE * 2 ** failures++, LONGEST_PAUSE);
      timer = setTimeout(start, pause * (0.7 + 0.6 * Math.random()));
    };
  };

  start();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(stop, HIDDEN_GRACE, "off");
    else start();
  });
  addEventListener("pagehide", () => stop("off"));
  addEventListener("pageshow", (event) => event.persisted && start());
  addEventListener("online", start);
}

document.querySelectorAll("[data-live]").forEach(follow);
