// Mail as people use it: the owner of a domain adds and proves it and makes mailboxes, a person sets theirs up and looks after it, mail
// comes and goes, and staff see what waits. All of it by the keyboard; a part of it once more without JavaScript. What is inspected on the
// way are states of pages that the walks at the end do not come by.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { choose, field, follow, pick, press, push, reach, tick, write } from "./keys.mjs";
import { inspect, launch, panel, signIn, visitor } from "./panel.mjs";
import { publish, until, writeAs, writeFromOutside } from "./post.mjs";
import { walk } from "./walk.mjs";

const OWNER = "ada@example.org";
const PASSWORD = "a quiet harbour at dawn";
const DOMAIN = `harbour-${Date.now() % 1_000_000}.example`;
const ANN = `ann@${DOMAIN}`;
const STRANGER = "customer@elsewhere.example";
const SPAMMER = "winner@spam.example";
/** The same as staff see it who have not broken the glass. */
const VEILED = "…@spam.example";
/** What rspamd.local.lua has so that an installation can be tried. */
const HELD = "berth-spam-test-7d1f-held";
const DAY = 24 * 3600 * 1000;
let browser;
let owner;
let person;
let home;
let records;
let domainPage;
let link;

before(async () => {
  browser = await launch();
  owner = await visitor(browser);
  await owner.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(owner, OWNER, panel.password);
  home = `${new URL(owner.url()).pathname.split("/").slice(0, 3).join("/")}/mail`;
});
after(() => browser?.close());

const region = (page, name) => page.getByRole("region", { name, exact: true });
const tab = (page, tabs, name) => press(page, page.getByRole("navigation", { name: tabs, exact: true }).getByRole("link", { name }));
const told = (page, text) => page.getByRole("status").getByText(text).waitFor();
const day = (days) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

/** What waits in a list that is no live one. */
async function appears(page, target) {
  await until(`${target} is at ${page.url()}`, async () => {
    if (await target.count()) return true;
    await page.reload();
    return false;
  });
}

/** Presses a button until the page says what it should: the panel remembers for some seconds what DNS said. */
async function pushUntil(page, button, text) {
  await until(`${button}: ${text}`, async () => {
    await push(page, button);
    return (await page.getByRole("status").getByText(text).count()) > 0;
  }, 1000);
}

/** How many mails the owner sees in the mailbox whose page is open. */
async function held(page) {
  const said = await region(page, "State").getByText(/\d+ mails?/).first().textContent();
  return Number(/(\d+) mails?/.exec(said)[1]);
}

/** Opens a mailbox from the list. */
async function openMailbox(page, address) {
  await page.goto(`${home}/mailboxes`);
  await press(page, page.getByRole("link", { name: address, exact: true }));
  await page.getByRole("heading", { name: address, exact: true }).waitFor();
}

/** Looks until a mailbox's page shows so many mails; gives how many there are. */
async function holds(page, atLeast) {
  await until(`there are ${atLeast} mails`, async () => {
    if ((await held(page)) >= atLeast) return true;
    await page.reload();
    return false;
  });
  return held(page);
}

/** Adds a domain on the page that is open. Gives its own page. */
async function addDomain(page, name) {
  await write(page, field(page, "Domain"), name);
  await push(page, "Add domain");
  await page.waitForURL(/\/mail\/domains\/[a-z]{3}_/);
  await told(page, "Publish its first record");
  return new URL(page.url()).pathname;
}

test("a domain is added, its records are copied, and what is wrong with them is told until nothing is", async () => {
  await owner.goto(home);
  await inspect(owner);
  await follow(owner, "Add domain");
  domainPage = await addDomain(owner, DOMAIN);
  await inspect(owner);

  const proof = region(owner, "Ownership").first();
  const value = await proof.locator("#record-0-value").textContent();
  assert.match(value, /^berth-verification=/);
  await press(owner, proof.getByRole("button", { name: "Copy", exact: true }).nth(1));
  await until("the value is in the clipboard", async () => (await owner.evaluate(() => navigator.clipboard.readText())) === value);
  await push(owner, "Verify");
  await owner.getByText(`There is no TXT record at _berth.${DOMAIN} yet.`).first().waitFor();
  await push(owner, "Check now");
  await told(owner, "records have to be put right");
  await region(owner, "Incoming mail (MX)").getByText("Missing", { exact: true }).waitFor();
  await inspect(owner);

  const lines = await owner.locator('main code[id$="-zone"]').allTextContents();
  records = [...new Set(lines.map((line) => line.trim()))];
  await publish(records.map((line) => line.replace('"v=spf1 mx -all"', '"v=spf1 -all"')));
  await pushUntil(owner, "Verify", `${DOMAIN} is yours.`);
  await pushUntil(owner, "Check now", "One record has to be put right.");
  const spf = region(owner, "Who may send (SPF)");
  await spf.getByText("Wrong", { exact: true }).waitFor();
  await spf.getByText("v=spf1 -all", { exact: true }).waitFor();
  await inspect(owner);
  await publish(records);
  await pushUntil(owner, "Check now", "Its records were looked at.");
  await spf.getByText("Published", { exact: true }).waitFor();
});

test("a mailbox is made, and its person opens the link and signs in to pages of their own", async () => {
  await tab(owner, "Domain", /^Mailboxes/);
  await owner.getByRole("heading", { name: "No mailboxes yet" }).waitFor();
  await inspect(owner);
  await follow(owner, "New mailbox");
  await write(owner, field(owner, "Name before the @"), "ann");
  await pick(owner, field(owner, "Domain"), DOMAIN);
  await write(owner, field(owner, "Name of the person"), "Ann Sailor");
  await write(owner, field(owner, "May hold"), "64");
  await write(owner, field(owner, "Aliases of its own"), "2");
  await push(owner, "Create mailbox");
  link = (await region(owner, "Set-up link").locator("code").textContent()).trim();
  await inspect(owner);

  person = await visitor(browser);
  await person.goto(link);
  await inspect(person);
  await write(person, field(person, "Password"), PASSWORD);
  await write(person, field(person, "The same once more"), PASSWORD);
  await push(person, "Set the password", person);
  await person.getByRole("heading", { name: "Your mailbox is ready" }).waitFor();
  await inspect(person);
  await follow(person, "Sign in to your mailbox", person);
  await person.getByRole("heading", { name: "Sign in to your mailbox" }).waitFor();
  await inspect(person);
  await write(person, field(person, "E-mail address"), ANN);
  await write(person, field(person, "Mail password"), PASSWORD);
  await push(person, "Sign in", person);
  await person.waitForURL(/\/mailbox$/);
  await inspect(person);

  const late = await visitor(browser);
  await late.goto(link);
  assert.equal(await field(late, "Password").count(), 0, "the link works once");
  await inspect(late);
});

test("the person says when they are away, sorts their mail, and makes an alias", async () => {
  await tab(person, "Your mailbox", "Filters and replies");
  const reply = region(person, "Automatic reply");
  await tick(person, field(reply, "Reply to mail that comes in"));
  await write(person, field(reply, "Subject"), "Away");
  await write(person, field(reply, "Text"), "I am at sea until Monday.");
  for (const [label, days] of [["First day", 0], ["Last day", 7]]) {
    await reach(person, field(reply, label));
    await field(reply, label).fill(day(days));
  }
  await push(person, "Save the reply", reply);
  await told(person, "The reply is on.");
  assert.equal(await field(reply, "Last day").inputValue(), day(7));

  await follow(person, "New rule");
  await write(person, field(person, "Name"), "Bills");
  await pick(person, field(person, "What").first(), "Subject");
  await write(person, field(person, "Text or size").first(), "invoice");
  await pick(person, field(person, "Action").first(), "Move to the folder …");
  await write(person, field(person, "Folder or address").first(), "Bills");
  await push(person, "Save rule");
  await told(person, "It holds for the next mail.");
  await region(person, "Rules").getByRole("link", { name: "Bills" }).waitFor();

  await tab(person, "Your mailbox", "Aliases");
  const alias = region(person, "New alias");
  await write(person, field(alias, "Address"), "postmaster");
  await push(person, "Make the alias", alias);
  await person.getByText("stands for the whole domain").first().waitFor();
  await inspect(person);
  await write(person, field(alias, "Address"), "shop");
  await write(person, field(alias, "What for"), "The shop around the corner");
  await push(person, "Make the alias", alias);
  await told(person, `Mail to shop@${DOMAIN} comes to you from now on.`);
});

test("a list is imported after a look at its one bad line", async () => {
  const list = ["address,name,quota_mib,targets", `bo@${DOMAIN},Bo,100,`, `cy@${DOMAIN},Cy,many,`, `team@${DOMAIN},,,${ANN}`, ""].join("\n");
  await owner.goto(`${home}/imports`);
  await follow(owner, "New import");
  await reach(owner, field(owner, "File"));
  await field(owner, "File").setInputFiles({ name: "crew.csv", mimeType: "text/csv", buffer: Buffer.from(list) });
  await push(owner, "Read it");
  await owner.waitForURL(/\/imports\/[a-z]{3}_/);
  const bad = owner.getByRole("table", { name: "Lines with mistakes" }).getByRole("row").filter({ hasText: `cy@${DOMAIN}` });
  await bad.filter({ hasText: "3" }).waitFor();
  await inspect(owner);
  await press(owner, owner.getByRole("main").getByRole("button", { name: /^Import 1 mailbox/ }));
  await region(owner, "State").getByText("Done", { exact: true }).waitFor();
  for (const [list, address] of [["mailboxes", `bo@${DOMAIN}`], ["aliases", `team@${DOMAIN}`]]) {
    await owner.goto(`${home}/${list}`);
    await owner.getByRole("link", { name: address, exact: true }).waitFor();
  }
});

test("the owner makes an alias and a group", async () => {
  await owner.goto(domainPage);
  await tab(owner, "Domain", /^Aliases/);
  const kind = (name) => owner.getByRole("radio", { name });
  for (const [name, wanted, targets] of [["sales", /^Alias/, [ANN]], ["crew", /^Group/, [ANN, `bo@${DOMAIN}`]]]) {
    await owner.goto(`${home}/aliases`);
    await follow(owner, "New alias");
    await choose(owner, kind(/^Alias/), kind(wanted));
    await write(owner, field(owner, "Name before the @"), name);
    await pick(owner, field(owner, "Domain"), DOMAIN);
    await write(owner, field(owner, "Leads to"), targets.join("\n"));
    await push(owner, "Create alias");
    await owner.getByRole("heading", { name: `${name}@${DOMAIN}`, exact: true }).waitFor();
    await region(owner, "Who gets it").getByText(ANN, { exact: true }).waitFor();
  }
});

test("mail comes and is sent, and the owner sees what the mailbox holds", async () => {
  await writeFromOutside(STRANGER, `sales@${DOMAIN}`, "An order", "Ten ropes, please.");
  await writeFromOutside(STRANGER, `shop@${DOMAIN}`, "Your invoice", "It is paid.");
  await writeAs(ANN, PASSWORD, `crew@${DOMAIN}`, "To all", "We sail at noon.");
  await openMailbox(owner, `bo@${DOMAIN}`);
  await holds(owner, 1);
  await openMailbox(owner, ANN);
  // More than these three, where DNS answers that nobody has the customer's address: then the reply comes back.
  await holds(owner, 3);
  const sent = region(owner, "State").getByText("Last sent by SMTP", { exact: true }).locator("xpath=..");
  assert.equal(await sent.getByText("Not yet").count(), 0);
  await person.goto("/mailbox");
  await region(person, "Your mail").getByText(/of 64/).waitFor();
});

test("a mailbox is deleted, and restored as it was", async () => {
  const bo = `bo@${DOMAIN}`;
  await openMailbox(owner, bo);
  await push(owner, "Delete mailbox");
  const dialog = owner.getByRole("dialog");
  await write(owner, dialog.getByRole("textbox"), bo);
  await push(owner, "Delete mailbox", dialog);
  await told(owner, `${bo} is deleted. It can be restored for a while.`);
  assert.equal(await owner.getByRole("link", { name: bo, exact: true }).count(), 0);
  await follow(owner, "Deleted");
  await owner.getByRole("heading", { name: "Deleted mailboxes" }).waitFor();
  await inspect(owner);
  await push(owner, `Restore ${bo}`);
  await told(owner, "It is restored, with its mail and its passwords.");
  await owner.getByRole("heading", { name: bo, exact: true }).waitFor();
  assert.equal(await held(owner), 1);
});

test("what is held is seen by the owner and by staff, who let it go on, and who see what hinders mail", async () => {
  await openMailbox(owner, ANN);
  const had = await held(owner);
  await writeFromOutside(SPAMMER, ANN, "You have won", `${HELD}\r\n`);
  await owner.goto(`${home}/quarantine`);
  await appears(owner, owner.getByRole("row").filter({ hasText: SPAMMER }));
  await owner.goto(`${home}/trace`);
  await appears(owner, owner.getByRole("row").filter({ hasText: SPAMMER }));
  const seen = await walk(owner, home);
  const kinds = ["", "/quarantine", "/trace/{message}", "/imports/{id}", "/aliases/{id}", "/mailboxes/{id}", "/mailboxes/{id}/rules", "/domains/{id}"];
  for (const kind of kinds) {
    assert.ok(seen.includes(`/t/{tenant}/mail${kind}`), `${kind} was not among ${seen.join(" ")}`);
  }

  const staff = await visitor(browser);
  await signIn(staff, panel.email, panel.password);
  await staff.goto("/staff/mail");
  await tab(staff, "Mail", "Queue");
  await appears(staff, staff.getByRole("row").filter({ hasText: VEILED }));
  await tab(staff, "Mail", "Diagnosis");
  await staff.getByRole("table", { name: "What was found" }).waitFor();
  const staffs = await walk(staff, "/staff/mail");
  for (const kind of ["/queue/{message}", "/domains", "/diagnosis"]) {
    assert.ok(staffs.includes(`/staff/mail${kind}`), `${kind} was not among ${staffs.join(" ")}`);
  }
  await staff.goto("/staff/mail");
  await tab(staff, "Mail", "Quarantine");
  await press(staff, staff.getByRole("row").filter({ hasText: VEILED }).getByRole("link"));
  await staff.getByRole("heading", { name: `Mail from ${VEILED}` }).waitFor();
  await push(staff, "Release");
  await staff.goto("/staff/mail/queue?state=held");
  assert.equal(await staff.getByRole("row").filter({ hasText: VEILED }).count(), 0, "it is not held any more");
  await openMailbox(owner, ANN);
  await holds(owner, had + 1);
});

test("all pages of the person's own are as good as the owner's", async () => {
  const seen = await walk(person, "/mailbox");
  for (const kind of ["", "/password", "/app-passwords", "/rules", "/forwarding", "/aliases", "/set-up-program"]) {
    assert.ok(seen.includes(`/mailbox${kind}`), `${kind} was not among ${seen.join(" ")}`);
  }
});

test("without JavaScript a domain is proved, a mailbox is made, set up and deleted", async () => {
  const plain = { javaScriptEnabled: false };
  const domain = `plain-${DOMAIN}`;
  const page = await visitor(browser, plain);
  await signIn(page, OWNER, panel.password);
  await page.goto(`${home}/domains/new`);
  const own = await addDomain(page, domain);
  assert.equal(await page.getByRole("main").getByRole("button", { name: "Copy" }).count(), 0, "what needs a script is not there");
  await publish([...records, ...(await page.locator('main code[id$="-zone"]').allTextContents()).map((line) => line.trim())]);
  await push(page, "Verify");
  await told(page, `${domain} is yours.`);

  await page.goto(`${own}/mailboxes`);
  await follow(page, "New mailbox");
  await write(page, field(page, "Name before the @"), "dee");
  await pick(page, field(page, "Domain"), domain);
  await push(page, "Create mailbox");
  const guest = await visitor(browser, plain);
  await guest.goto((await region(page, "Set-up link").locator("code").textContent()).trim());
  await write(guest, field(guest, "Password"), PASSWORD);
  await write(guest, field(guest, "The same once more"), PASSWORD);
  await push(guest, "Set the password", guest);
  await follow(guest, "Sign in to your mailbox", guest);
  await guest.waitForURL(/\/mailbox\/sign-in$/);
  await write(guest, field(guest, "E-mail address"), `dee@${domain}`);
  await write(guest, field(guest, "Mail password"), PASSWORD);
  await push(guest, "Sign in", guest);
  await guest.waitForURL(/\/mailbox$/);

  await openMailbox(page, `dee@${domain}`);
  await push(page, "Delete mailbox");
  // The dialog is the address's own part now, and the server looks at what is typed.
  const dialog = page.locator("#delete-mailbox");
  await write(page, dialog.getByRole("textbox"), "somebody@else.example");
  await push(page, "Delete mailbox", dialog);
  await page.getByRole("main").getByText(`dee@${domain}`).first().waitFor();
  assert.equal(await page.getByText("is deleted").count(), 0);
  await page.goto(new URL("#delete-mailbox", page.url()).href);
  await write(page, dialog.getByRole("textbox"), `dee@${domain}`);
  await push(page, "Delete mailbox", dialog);
  await told(page, `dee@${domain} is deleted.`);
});
