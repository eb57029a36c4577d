// The console as people use it: typing into a shell, a second person who sees it, a page that is loaded anew, a server that
// stops; and looking for a line in the log.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect, launch, panel, signIn, visitor } from "./panel.mjs";

const SERVER_TIMEOUT = 180_000;
const OWNER = "ada@example.org";
let browser;
let server;
let id;

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${panel.tenantToken}`, "content-type": "application/json" };
  const answer = await fetch(`${panel.url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
}

async function becomes(state) {
  const end = Date.now() + SERVER_TIMEOUT;
  while ((await api("GET", `/servers/${id}`)).engine_state !== state) {
    assert.ok(Date.now() < end, `it does not become ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

before(async () => {
  browser = await launch();
  const variables = { SITE_OWNER: "Ada" };
  const asked = await api("POST", "/servers", { name: "console-box", template: "static-site", size: "small-box", variables });
  id = asked.server.id;
  await becomes("running");
  const page = await visitor(browser);
  await signIn(page, OWNER, panel.password);
  server = `${new URL(page.url()).pathname.split("/").slice(0, 3).join("/")}/servers/${id}`;
  await page.close();
});

after(async () => {
  if (id) await api("DELETE", `/servers/${id}`);
  await browser?.close();
});

async function open() {
  const page = await visitor(browser);
  await signIn(page, OWNER, panel.password);
  await page.goto(server);
  await page.getByRole("navigation", { name: "Server" }).getByRole("link", { name: "Console" }).click();
  await connected(page);
  return page;
}

const connected = (page) => page.locator("[data-console-state]").filter({ hasText: "Connected" }).waitFor();
const screen = (page) => page.locator("[data-console-screen] .xterm-rows");
const shows = (page, text) => screen(page).filter({ hasText: text }).waitFor();

test("a shell in the browser, shared, kept over a reload, and told when the server stops", async () => {
  const page = await open();
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.type("echo sum-$((40 + 2))-ok\n");
  await shows(page, "sum-42-ok");
  const other = await open();
  await shows(other, "sum-42-ok");
  await page.locator("[data-console-viewers] li").nth(1).waitFor();
  await other.locator(".xterm-helper-textarea").focus();
  await other.keyboard.type("echo two-$((1 + 1))\n");
  await shows(page, "two-2");
  // That somebody else came in has moved the list of viewers; what moves while a page loads is another matter.
  await page.evaluate(() => { window.shifts.length = 0; });
  await inspect(page);
  await other.close();

  await page.reload();
  await connected(page);
  await shows(page, "sum-42-ok");
  await page.getByRole("button", { name: "Larger letters" }).click();
  await page.locator(".xterm-helper-textarea").focus();
  await page.keyboard.type("echo $(stty size | tr ' ' x)=size\n");
  const size = /\d+x\d+=size/;
  await screen(page).filter({ hasText: size }).waitFor();
  // The way out for the keyboard.
  await page.keyboard.press("Shift+Tab");
  assert.equal(await page.evaluate(() => document.activeElement.matches(".xterm-helper-textarea")), false);

  await api("POST", `/servers/${id}/actions/stop`, {});
  const state = page.locator("[data-console-state]");
  await state.filter({ hasText: "The server stopped" }).waitFor({ timeout: SERVER_TIMEOUT });
  await api("POST", `/servers/${id}/actions/start`, {});
  await state.filter({ hasText: "The server runs" }).waitFor({ timeout: SERVER_TIMEOUT });
  await page.getByRole("button", { name: "Reconnect" }).click();
  await connected(page);
  await page.keyboard.type("echo again-$((2 + 3))\n");
  await shows(page, "again-5");
  assert.deepEqual(page.errors, []);
  await page.close();
});

test("without JavaScript the page says what to do instead", async () => {
  const context = await browser.newContext({ baseURL: panel.url, javaScriptEnabled: false });
  const page = await context.newPage();
  await signIn(page, OWNER, panel.password);
  await page.goto(`${server}/console`);
  await page.getByText("The console is a terminal, which needs JavaScript.").waitFor();
  await context.close();
});

test("lines of the log are found and downloaded", async () => {
  await becomes("running");
  const [port] = (await api("GET", `/servers/${id}`)).ports;
  await fetch(`http://127.0.0.1:${port.port}/look-for-this`);
  await fetch(`http://127.0.0.1:${port.port}/and-not-for-that`);
  const page = await visitor(browser);
  await signIn(page, OWNER, panel.password);
  await page.goto(`${server}/logs`);
  await page.locator("#log-lines").filter({ hasText: "and-not-for-that" }).waitFor();
  await page.getByLabel("Text in a line").fill("LOOK-for");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByRole("heading", { name: "Lines found" }).waitFor();
  const found = await page.locator("#log-lines").textContent();
  assert.ok(found.includes("look-for-this") && !found.includes("and-not-for-that"), found);
  await inspect(page);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  assert.equal((await download).suggestedFilename(), "console-box.log");
  await page.close();
});
