// Both sides of a ticket: the customer asks about a server, the engineer sees it come, notes, answers and resolves, and the customer
// opens it again. What is noted never comes to the customer.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, inspect, inspectDialog, launch, look, panel, signIn, visitor } from "./panel.mjs";
import { walk } from "./walk.mjs";

const NOTE = "Their disk is full of our own logs";
const subject = `The shop is slow ${Date.now() % 100000}`;
let browser;
let server;

before(async () => { browser = await launch(); });
after(async () => {
  if (server) await api("DELETE", `/api/v1/servers/${server}`);
  await browser?.close();
});

const api = (method, path, body) => ask(panel.tenantToken, method, path, body);

/** All that a customer could find in their page: its text, and what is not shown. */
const source = (page) => page.evaluate(() => document.documentElement.outerHTML);

test("a customer and an engineer talk about a server", async () => {
  server = (await api("POST", "/api/v1/servers", { name: `shop-${Date.now() % 100000}`, template: "static-site", size: "small-box", variables: { SITE_OWNER: "Ada" } })).server.id;
  const home = `/t/${(await api("GET", "/api/v1/me")).tenant.slug}`;

  const engineer = await visitor(browser);
  await signIn(engineer, panel.email, panel.password);
  await engineer.goto("/staff/tickets");
  await inspect(engineer);
  await inspectDialog(engineer, "keys");
  await engineer.locator('[data-live][data-state="on"]').waitFor();

  const customer = await visitor(browser);
  await signIn(customer, "ada@example.org", panel.password);
  await customer.goto(`${home}/servers/${server}`);
  await customer.getByRole("link", { name: "Get help with this server" }).click();
  await inspect(customer);
  await customer.getByLabel("Subject").fill(subject);
  await customer.getByRole("radio", { name: /P2/ }).check();
  await customer.getByLabel("What happened").fill("Since noon **each page** takes ten seconds.");
  await customer.getByRole("button", { name: "Open ticket" }).click();
  await customer.waitForURL(/\/tickets\/tkt_/);
  await look(customer);

  // It comes to the queue by itself, and is opened without a mouse.
  const row = engineer.locator("#ticket-rows a.row-link", { hasText: subject });
  await row.waitFor();
  await engineer.keyboard.press("j");
  for (let stop = 0; stop < 50 && !(await row.evaluate((one) => one === document.activeElement)); stop += 1) await engineer.keyboard.press("j");
  await engineer.keyboard.press("Enter");
  await engineer.waitForURL(/\/staff\/tickets\/tkt_/);
  await engineer.locator("#ticket-things a").waitFor();
  await look(engineer);

  // Another window follows what is noted.
  const colleague = await visitor(browser);
  await signIn(colleague, panel.email, panel.password);
  await colleague.goto(new URL(engineer.url()).pathname);
  await colleague.locator('[data-live][data-state="on"]').waitFor();
  await engineer.keyboard.press("n");
  await engineer.keyboard.type(NOTE);
  assert.ok(await engineer.locator("#compose-note").isChecked());
  await engineer.getByText("Internal note, the customer does not see this.").waitFor();
  await look(engineer);
  await engineer.getByRole("button", { name: "Save note" }).click();
  await engineer.locator(".talk-post[data-inside]", { hasText: NOTE }).waitFor();
  await look(engineer);
  await colleague.locator(".talk-post[data-inside]", { hasText: NOTE }).waitFor();

  await engineer.keyboard.press("r");
  await engineer.keyboard.type("It was the disk. There is room again.");
  await engineer.locator('#composer [name="state"]').selectOption({ label: "Resolved" });
  await engineer.getByRole("button", { name: "Send reply" }).click();
  await engineer.locator("#ticket-state", { hasText: "Resolved" }).waitFor();

  // The answer comes to the customer's page by itself, and the note does not.
  await customer.getByText("There is room again.").waitFor();
  await customer.locator("#ticket-state", { hasText: "Resolved" }).waitFor();
  assert.ok(!(await source(customer)).includes(NOTE));
  await customer.reload();
  assert.ok(!(await source(customer)).includes(NOTE));
  await look(customer);
  await customer.getByRole("button", { name: "Open again" }).click();
  await customer.locator("#ticket-state", { hasText: "Reopened" }).waitFor();
  await engineer.locator("#ticket-state", { hasText: "Reopened" }).waitFor();

  await walk(customer, `${home}/tickets`);
  await walk(engineer, "/staff/tickets");
  await engineer.goto("/staff/wallboard");
  await look(engineer);
});

test("tickets work without JavaScript", async () => {
  const page = await visitor(browser, { javaScriptEnabled: false });
  await signIn(page, panel.email, panel.password);
  await page.goto("/staff/tickets?state=all");
  await page.locator("#ticket-rows a.row-link", { hasText: subject }).click();
  await page.locator("#compose-note").check();
  await page.getByLabel("Text", { exact: true }).fill("Seen again.");
  await page.locator('#composer button[type="submit"]').click();
  await page.locator(".talk-post[data-inside]", { hasText: "Seen again." }).waitFor();
});
