// The panel under test, a browser, and what every page must stand: axe-core in light and dark, wide and narrow.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const env = Object.fromEntries(
  readFileSync(new URL("../../var/test-panel/env", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.includes("="))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
);

export const panel = {
  url: env.BERTH_TEST_URL,
  email: env.BERTH_TEST_OWNER_EMAIL,
  password: env.BERTH_TEST_OWNER_PASSWORD,
  staffToken: env.BERTH_TEST_STAFF_TOKEN,
  tenantToken: env.BERTH_TEST_TENANT_TOKEN,
  instance: env.BERTH_TEST_INSTANCE,
  mail: { smtp: Number(env.BERTH_TEST_SMTP_PORT), submission: Number(env.BERTH_TEST_SUBMISSION_PORT) },
  dns: { folder: env.BERTH_TEST_DNS_FOLDER, port: env.BERTH_TEST_DNS_PORT },
};

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function launch() {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  return chromium.launch({ executablePath: "/usr/bin/chromium", args });
}

/** Notes whatever moves on a page without somebody having touched it (Layout Instability API), with how far and what. */
function watchShifts() {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (one.hadRecentInput) continue;
      const moved = one.sources.map(({ node }) => (node?.cloneNode ? (node.cloneNode(false).outerHTML ?? node.textContent) : "?"));
      window.shifts.push(`${one.value.toFixed(4)}: ${moved.join(" ")}`);
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** A browser of its own: no cookies. Others may be of another kind, such as one without JavaScript. */
export async function visitor(browser, kind = {}) {
  const context = await browser.newContext({ baseURL: panel.url, viewport: { width: 1440, height: 900 }, ...kind });
  context.setDefaultTimeout(10_000);
  await context.addInitScript(watchShifts);
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy/.test(message.text())) errors.push(`${message.text()} at ${JSON.stringify(message.location())}`);
  });
  page.errors = errors;
  return page;
}

export async function signIn(page, email, password) {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** What sticks out of the window, when the page as a whole does: first the elements, each as its opening tag. */
function tooWide() {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > root.clientWidth + 1);
  return [`${root.scrollWidth - root.clientWidth}px`, ...out.map((one) => one.cloneNode(false).outerHTML).slice(0, 8)];
}

/** Keeps a picture of the page for people's eyes, where BERTH_SCREENSHOTS names a folder. */
async function shoot(page, look) {
  const folder = process.env.BERTH_SCREENSHOTS;
  if (!folder) return;
  const name = new URL(page.url()).pathname.replace(/[^a-z0-9]+/gi, "-").replace(/(_|-)?01[a-z0-9]{24}/g, "").replace(/^-|-$/g, "") || "home";
  await page.screenshot({ path: `${folder}/${name}-${look}.png`, fullPage: true });
}

/** What axe-core complains about on the page as it is now, each with where. */
async function complaints(page) {
  await page.evaluate((source) => { if (!window.axe) (0, eval)(source); }, axe).catch(async () => {
    // The panel's policy forbids eval, as it should: the debugger may still add a script.
    const client = await page.context().newCDPSession(page);
    await client.send("Runtime.evaluate", { expression: axe });
  });
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => node.html).join("\n  ")}`);
}

// What came of looking is no fault of the page. Axe and the camera leave empty style attributes behind; htmx would carry
// them over to what it swaps in, and the policy would stop that.
async function forgetLooking(page) {
  await page.evaluate(() => {
    document.querySelectorAll("[style]").forEach((one) => one.removeAttribute("style"));
    window.shifts.length = 0;
  });
  page.errors.length = 0;
}

/** Opens a dialog of the page by its opener, judges it in both themes, and closes it as Escape does. */
export async function inspectDialog(page, id) {
  const opener = page.locator(`main [data-dialog="${id}"]:visible`).first();
  if (!(await opener.count())) return;
  await opener.click();
  const dialog = page.locator(`dialog#${id}`);
  await dialog.waitFor();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await settled(page);
    assert.deepEqual(await complaints(page), [], `${page.url()} dialog ${id} ${colorScheme}`);
    await shoot(page, `dialog-${id}-${colorScheme}`);
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await forgetLooking(page);
}

/** A colour on its way from one theme to the other is neither, and its way begins a frame after the theme was set. */
async function settled(page) {
  await page.evaluate(() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen))));
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)));
}

/** Asks the API, as whoever the token is of. What it answers with, if that is anything. */
export async function ask(token, method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(panel.url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
}

/** Judges a page that others have moved: what they do is no fault of the page. */
export async function look(page) {
  await page.evaluate(() => { window.shifts.length = 0; });
  await inspect(page);
}

/** No violation of WCAG in any look, nothing wider than the window, nothing that moved while it loaded, no script error. */
export async function inspect(page) {
  assert.deepEqual(await page.evaluate(() => window.shifts), [], `${page.url()} moves while it loads`);
  assert.deepEqual(page.errors, [], page.url());
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      await settled(page);
      const words = await complaints(page);
      assert.deepEqual(words, [], `${page.url()} ${colorScheme} ${width}px`);
      await shoot(page, `${colorScheme}-${width}`);
      assert.deepEqual(await page.evaluate(tooWide), [], `${page.url()} is wider than ${width}px`);
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  await forgetLooking(page);
}
