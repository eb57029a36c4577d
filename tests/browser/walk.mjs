// A walk over every kind of page that links lead to, so that a page is looked at because it is there and not because somebody
// remembered it.

import assert from "node:assert/strict";
import { inspect, inspectDialog } from "./panel.mjs";

/** A page's kind: its address with whatever names one thing taken out. Two servers' pages are the same kind. */
export function kindOf(address) {
  const { pathname, searchParams } = new URL(address, "http://panel");
  const path = pathname
    .replace(/[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}/g, "{id}")
    .replace(/^\/t\/[^/]+/, "/t/{tenant}")
    .replace(/^(\/staff\/catalogue\/)[^/]+/, "$1{template}")
    .replace(/(\/mail\/(?:trace|queue)\/)[^/]+/, "$1{message}")
    .replace(/(\/runbooks\/)[^/]+/, "$1{runbook}")
    .replace(/(\/sla\/(?:.*\/)?)\d{4}-\d{2}$/, "$1{month}");
  const keys = [...new Set(searchParams.keys())].filter((key) => !["cursor", "after", "before", "path"].includes(key)).sort();
  return keys.length ? `${path}?${keys.join("&")}` : path;
}

/** What a browser would save instead of showing; the console holds a session open for as long as its page is there. */
const notPages = /\.(csv|tar|json|txt|pdf|svg|atom|zip)$|\/files\/archive$|\/download|\/raw|\/export|\/content|\/stream|\/live|\/picture|\/console$|\/apple$|^\/static\/|^\/sign-out/;

/** Sorting and filtering show the same page again: one of each is enough, and they are kinds of their own. */
const links = () => [...document.querySelectorAll("a[href]:not([download])")].map((link) => link.href);

/** Opens what lies below `home` by following links, judges one page of each kind with its dialogs, and says which those were. */
export async function walk(page, home, { below = home, seen = new Set() } = {}) {
  const waiting = [home];
  const visited = [];
  while (waiting.length) {
    const address = waiting.shift();
    const kind = kindOf(address);
    if (seen.has(kind)) continue;
    seen.add(kind);
    const answer = await page.goto(address);
    assert.equal(answer.status(), 200, `${address} is linked and does not open`);
    await inspect(page);
    for (const id of await page.evaluate(() => [...new Set([...document.querySelectorAll("main [data-dialog]")].map((one) => one.dataset.dialog))])) {
      await inspectDialog(page, id);
    }
    visited.push(kind);
    for (const link of await page.evaluate(links)) {
      const { origin, pathname, search } = new URL(link);
      if (origin === new URL(page.url()).origin && pathname.startsWith(below) && !notPages.test(pathname)) waiting.push(pathname + search);
    }
  }
  return visited;
}
