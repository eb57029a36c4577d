// The breakdown loop in two windows: a server's process is killed and stays down; the customer and the engineer both see it without
// touching anything, the engineer starts it from the ticket, what works again resolves it, and the month's report has the minutes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { ask, inspect, launch, look, panel, signIn, visitor } from "./panel.mjs";

const SERVER_TIMEOUT = 180_000;
/** From a killed process to evidence, and from a running server to a resolved ticket. */
const LOOP_TIMEOUT = 90_000;
const stamp = Date.now() % 100000;
const company = `Florist ${stamp}`;
const tills = `tills-${stamp}`;
let browser;

before(async () => { browser = await launch(); });
after(() => browser?.close());

const staff = (method, path, body) => ask(panel.staffToken, method, `/api/v1/staff/${path}`, body);

/** A customer of its own to whom something is promised. The link by which its owner comes in. */
async function promise() {
  const calendar = await staff("POST", "sla/calendars", { name: `Hours of ${company}`, hours: { always: true } });
  const targets = { p1: { first_answer: 30, restore: 240 } };
  const policy = await staff("POST", "sla/policies", { name: `Promise to ${company}`, calendar: calendar.id, targets, availability: "99.9" });
  const limits = { servers: 3, cpu_millis: 4000, memory_mib: 8192, disk_mib: 51200, members: 5 };
  const plan = await staff("POST", "plans", { name: `Plan of ${company}`, limits });
  await staff("PATCH", `sla/plans/${plan.id}`, { policy: policy.id });
  const tenant = await staff("POST", "tenants", { name: company, plan_id: plan.id });
  const email = `owner-${Date.now()}@example.org`;
  return (await staff("POST", `tenants/${tenant.id}/invitations`, { email, role: "owner" })).url;
}

/** Comes in by the invitation and makes a server that runs. Where the customer's pages begin, and the server's id. */
async function begin(page) {
  await page.goto(await promise());
  await page.locator('[name="name"]').fill("Flora Bloom");
  await page.locator('[name="password"]').fill("roses are sold out at noon");
  await page.locator('form button[type="submit"]').first().click();
  await page.waitForURL(/\/t\//);
  const home = new URL(page.url()).pathname.split("/").slice(0, 3).join("/");
  await page.goto(`${home}/servers`);
  await page.getByRole("link", { name: "Create the first server" }).click();
  await page.locator('label:has([name="template"][value="static-site"])').click();
  await page.locator('label:has([name="size"][value="small-box"])').click();
  await page.locator('[name="variables.SITE_OWNER"]').fill(company);
  await page.getByLabel("Name", { exact: true }).fill(tills);
  await page.getByRole("button", { name: "Create server" }).click();
  await page.waitForURL(/\/servers\/srv_/);
  await page.locator("#server-status").filter({ hasText: "Running" }).waitFor({ timeout: SERVER_TIMEOUT });
  return { home, server: new URL(page.url()).pathname.split("/").pop() };
}

/** A page that follows what others do. */
async function follow(page, address) {
  await page.goto(address);
  await page.locator('[data-live][data-state="on"]').waitFor();
}

/** The engineer opens the ticket from the queue, reads the evidence, takes it, and starts the server from it. */
async function repair(engineer) {
  await engineer.locator("#ticket-rows a.row-link", { hasText: tills }).click();
  await engineer.waitForURL(/\/staff\/tickets\/tkt_/);
  await engineer.locator('.talk-post[data-kind="evidence"]', { hasText: "137" }).waitFor({ timeout: LOOP_TIMEOUT });
  await engineer.reload();
  await look(engineer);
  await engineer.getByRole("button", { name: "Assign to me" }).click();
  await engineer.locator("#ticket-state", { hasText: "Acknowledged" }).waitFor();
  await engineer.locator("#breakdown").getByRole("button", { name: "Start", exact: true }).click();
  await engineer.locator("#breakdown", { hasText: "Done from here" }).waitFor();
}

/** The month's report has the outage and the ticket, whoever reads it. */
async function report(page, address) {
  await page.goto(address);
  await page.getByRole("table", { name: "Outages" }).getByRole("row", { name: tills }).waitFor();
  await page.getByRole("table", { name: "Tickets" }).getByRole("row", { name: tills }).waitFor();
  await inspect(page);
}

test("a server breaks, is repaired from its ticket, and stands in the month's report", async () => {
  const customer = await visitor(browser);
  const { home, server } = await begin(customer);
  const list = await customer.context().newPage();
  await follow(list, `${home}/tickets`);
  const engineer = await visitor(browser);
  await signIn(engineer, panel.email, panel.password);
  await follow(engineer, "/staff/tickets");

  execFileSync("docker", ["kill", "--signal", "KILL", `${panel.instance}-${server}`]);
  await customer.locator("#server-status").filter({ hasText: "Crashed" }).waitFor({ timeout: LOOP_TIMEOUT });
  const row = list.locator("#ticket-rows a.row-link", { hasText: tills });
  await row.waitFor({ timeout: LOOP_TIMEOUT });
  await look(customer);
  await list.close();
  await customer.goto(`${home}/tickets`);
  await customer.locator("#ticket-rows a.row-link", { hasText: tills }).click();
  await customer.waitForURL(/\/tickets\/tkt_/);
  await customer.locator('[data-live][data-state="on"]').waitFor();

  await repair(engineer);
  for (const page of [engineer, customer]) await page.locator("#ticket-state", { hasText: "Resolved" }).waitFor({ timeout: LOOP_TIMEOUT });
  // What staff read is not in the customer's page, and neither is it hidden there.
  assert.equal(await customer.locator('[data-kind="evidence"]').count(), 0);
  const ticket = customer.url();
  await customer.reload();
  await look(customer);
  await customer.getByRole("link", { name: "Say how it went" }).click();
  await inspect(customer);
  await customer.getByRole("radio", { name: /Good/ }).check();
  await customer.getByRole("button", { name: "Send", exact: true }).click();
  await customer.waitForURL(ticket);
  await customer.getByRole("region", { name: "Satisfaction" }).getByText("Good").waitFor();
  await engineer.reload();
  await engineer.getByRole("region", { name: "Satisfaction" }).getByText("Good").waitFor();

  const month = new Date().toISOString().slice(0, 7);
  await engineer.goto(`/staff/sla?month=${month}&q=${encodeURIComponent(company)}`);
  await report(engineer, await engineer.locator("a.row-link", { hasText: company }).getAttribute("href"));
  await report(customer, `${home}/sla/${month}`);
  await customer.goto(`${home}/servers/${server}`);
  await customer.locator("#server-status").filter({ hasText: "Running" }).waitFor();
});
