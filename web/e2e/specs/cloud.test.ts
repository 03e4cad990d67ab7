/**
 * One's own cloud, as its people meet it: the setup link makes an organization, somebody is invited and joins, a site that
 * `martello remote enable` brings is granted and shows online. One cloud, one site; each test goes on where the last one ended.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNoAxeFindings, goTo, smallTargets } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, desktop, openBrowser, openPage, phone } from "../fixtures/browser";
import { type TestCloud, startCloud } from "../fixtures/cloud";
import { type Demo, binary, startDemo } from "../fixtures/demo";
import { totp } from "../fixtures/totp";

const ANNA = { email: "anna@example.org", password: "£¤ÅÄÖ🗝 harbour" };
const BEN = { email: "ben@example.org", password: "Bens Ågänge £1 🐙" };

let cloud: TestCloud;
let site: Demo;
let browser: TestBrowser;
let anna: WatchedPage;

beforeAll(async () => {
  [cloud, site] = await Promise.all([startCloud(), startDemo("--empty")]);
  browser = await openBrowser(cloud.certificatePem);
  anna = await openPage(browser.browser, desktop, [/status of 404 .*\/v1\/(grants|invitations)/]);
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([cloud?.stop(), site?.stop()]);
});

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name }).first();
/** Pictures for eyes: `CLOUD_PICTURES` names a directory. */
const picture = async (page: Page, name: string) => void (process.env["CLOUD_PICTURES"] && (await page.screenshot({ path: `${process.env["CLOUD_PICTURES"]}/${name}.png` })));

test("the setup link makes the first account and its organization, whatever characters the password has", async () => {
  const { page } = anna;
  await page.goto(cloud.url);
  await page.getByText("This cloud has no account yet").waitFor();
  await page.goto(cloud.setupUrl);
  await page.getByRole("button", { name: "Make the account" }).click();
  await page.getByText("Name the organization.").waitFor();
  await picture(page, "setup-errors");
  await page.getByLabel("Organization").fill("Harbour Ltd");
  await page.getByLabel("Your name").fill("Anna Lind");
  await page.getByLabel("E-mail address").fill(ANNA.email);
  await page.getByLabel("Password", { exact: true }).fill(ANNA.password);
  await page.getByLabel("Password again").fill(ANNA.password);
  await expectNoAxeFindings(page, "/setup");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No sites yet" }).waitFor();
  await page.getByText(`martello remote enable ${cloud.url}`).waitFor();
  await expectNoAxeFindings(page, "sites, none yet");
  await picture(page, "sites-empty");
  // The link counts once.
  await page.goto(cloud.setupUrl);
  await heading(page, "Sites").waitFor();
});

test("somebody who is invited joins by the link, as a viewer, on a phone; nobody else can", async () => {
  const { page } = anna;
  await page.getByRole("link", { name: "People", exact: true }).click();
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await page.getByLabel("E-mail address").fill("nobody");
  await page.keyboard.press("Enter");
  await page.getByText("Write the address as name@example.org.").waitFor();
  await page.getByLabel("E-mail address").fill(BEN.email);
  await page.keyboard.press("Enter");
  const link = (await page.getByRole("dialog").locator("code").textContent()) ?? "";
  await expectNoAxeFindings(page, "an invitation");
  await picture(page, "invitation");
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("list", { name: "Invitations" }).getByText(BEN.email).waitFor();
  await expectNoAxeFindings(page, "people");

  // Anna herself cannot accept it.
  await page.goto(link);
  await page.getByText(`You are signed in as ${ANNA.email}`).waitFor();

  const ben = await openPage(browser.browser, phone);
  await ben.page.goto(link);
  await heading(ben.page, "Join Harbour Ltd").waitFor();
  await expectNoAxeFindings(ben.page, "/join");
  expect(await smallTargets(ben.page)).toEqual([]);
  await picture(ben.page, "join-phone");
  await ben.page.getByLabel("Your name").fill("Ben Åkesson");
  await ben.page.getByLabel("Password", { exact: true }).fill(BEN.password);
  await ben.page.getByLabel("Password again").fill(BEN.password);
  await ben.page.getByRole("button", { name: "Make the account and join" }).click();
  await heading(ben.page, "No sites yet").waitFor();
  expect(await ben.page.getByRole("link", { name: "Enter a code" }).count()).toBe(0);
  await goTo(ben.page, "/grant");
  expect(ben.errors()).toEqual([]);
  await ben.page.context().close();

  await page.goto(`${cloud.url}/`);
  await page.getByRole("link", { name: "People", exact: true }).click();
  await page.getByRole("row", { name: /Ben Åkesson/ }).click();
  await page.getByRole("complementary").getByText(/^Operator/).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Ben Åkesson is operator now.").waitFor();
  await page.getByText("Nobody at the moment.").waitFor();
  await picture(page, "people");
});

/** Runs `martello remote enable` at the site until it ends; what it prints is read while it runs. */
function enable(): { child: ChildProcess; code: Promise<string>; ended: Promise<string> } {
  const child = spawn(binary(), ["remote", "enable", cloud.url, "--cloud-id", cloud.certificateId], {
    env: { ...process.env, MARTELLO_URL: site.site.url, MARTELLO_TOKEN: site.site.token, MARTELLO_CERTIFICATE_ID: site.site.certificate_id },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const ended = new Promise<string>((done) => child.once("close", () => done(printed)));
  const code = new Promise<string>((done, fail) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
        const found = /type this code:\s+(\S+)/.exec(printed)?.[1];
        if (found) done(found);
      });
    child.once("close", () => fail(new Error(`martello remote enable ended: ${printed}`)));
  });
  return { child, code, ended };
}

test("a site that asks is looked at, granted to an organization, and shows online", async () => {
  const { page } = anna;
  await page.getByRole("link", { name: "Sites", exact: true }).click();
  const { code, ended } = enable();
  const typed = await code;
  await page.getByRole("link", { name: "Enter a code" }).click();
  await heading(page, "Grant access").waitFor();
  // No link fills the code in.
  await page.goto(`${cloud.url}/grant?user_code=${typed}&code=${typed}`);
  expect(await page.getByLabel("Code").inputValue()).toBe("");
  await page.getByLabel("Code").fill("WRONG-CODE");
  await page.keyboard.press("Enter");
  await page.getByText("Nobody waits with this code (any more)").waitFor();
  await page.getByLabel("Code").fill(` ${typed.toLowerCase().replaceAll("-", " ")} `);
  await page.keyboard.press("Enter");
  await heading(page, /asks to be reached through this cloud/).waitFor();
  const shown = (await page.getByRole("note").locator("code").textContent())?.replaceAll(/[^0-9a-f]/gi, "");
  expect(shown?.toLowerCase()).toBe(site.site.certificate_id.replaceAll(/[^0-9a-f]/gi, "").toLowerCase());
  await page.getByText("127.0.0.1").first().waitFor();
  await expectNoAxeFindings(page, "/grant");
  await picture(page, "grant");
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await page.getByRole("status").getByText(/ is online$/).waitFor();
  await picture(page, "granted");
  await page.getByRole("link", { name: "Go to the sites", exact: true }).click();
  const row = page.getByRole("grid", { name: "Sites" }).getByRole("row").filter({ hasText: "Secure Remote Access" });
  await row.getByText("Online").waitFor();
  await row.click();
  await page.getByRole("complementary").getByText("Connected now").waitFor();
  await expectNoAxeFindings(page, "a site");
  await picture(page, "sites");
  expect(await ended).toContain("Remote access is on: Harbour Ltd");
});

test("an authenticator app is set up and asked for; folders are made; a second organization has nothing of the first", async () => {
  const { page } = anna;
  await goTo(page, "/account");
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByLabel("Your password").fill(ANNA.password);
  await page.keyboard.press("Enter");
  const key = ((await page.getByRole("dialog").locator("code").textContent()) ?? "").replaceAll(" ", "");
  await picture(page, "factor");
  await page.getByLabel("Code that the app shows now").fill(totp(key));
  await page.keyboard.press("Enter");
  const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await codes.first().waitFor();
  expect(await codes.count()).toBe(10);
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.getByText("A code is asked for at every sign-in").waitFor();
  await expectNoAxeFindings(page, "/account");
  await picture(page, "account");
  await page.getByRole("button", { name: /^You:/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("E-mail address").fill(ANNA.email);
  await page.getByLabel("Password").fill(ANNA.password);
  await expectNoAxeFindings(page, "/sign-in");
  await picture(page, "sign-in");
  await page.keyboard.press("Enter");
  await page.getByLabel("Code").fill(totp(key, 1));
  await page.keyboard.press("Enter");
  await heading(page, "Sites").waitFor();

  await page.getByRole("link", { name: "Org", exact: true }).click();
  await page.getByRole("button", { name: "Add a folder" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("North");
  await page.keyboard.press("Enter");
  await page.getByRole("list", { name: "Folders" }).getByText("North").waitFor();
  await expectNoAxeFindings(page, "organization");
  await picture(page, "organization");
  await page.getByRole("button", { name: "Harbour Ltd" }).click();
  await page.getByRole("menuitem", { name: "Make an organization" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Quay");
  await page.keyboard.press("Enter");
  await heading(page, "No sites yet").waitFor();
  await page.getByRole("button", { name: "Quay" }).click();
  await page.getByRole("menuitem", { name: "Harbour Ltd" }).click();
  await page.getByRole("grid", { name: "Sites" }).waitFor();
  expect(anna.errors().filter((text) => !/status of 401/.test(text))).toEqual([]);
});

test("on a phone every screen fits, has targets for fingers, and is as clean in light", async () => {
  const { page, errors } = await openPage(browser.browser, phone);
  await page.goto(cloud.url);
  await page.getByLabel("E-mail address").fill(BEN.email);
  await page.getByLabel("Password").fill(BEN.password);
  expect(await smallTargets(page)).toEqual([]);
  await picture(page, "sign-in-phone");
  await page.keyboard.press("Enter");
  await heading(page, "Sites").waitFor();
  await page.evaluate(() => (document.documentElement.dataset["theme"] = "light"));
  const organization = /organizations\/([0-9a-f]+)/.exec(page.url())?.[1] ?? "";
  for (const [path, name] of [[`/organizations/${organization}/sites`, "Sites"], [`/organizations/${organization}/people`, "People"], [`/organizations/${organization}/settings`, "Organization"], ["/grant", "Grant access"], ["/account", "Your account"]] as const) {
    await goTo(page, path);
    await heading(page, name).waitFor();
    await page.waitForFunction(() => !document.querySelector('[role="status"] > .sr-only'));
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is as wide as the phone`).toBe(true);
    expect((await smallTargets(page)).map((target) => `${path}: ${target}`)).toEqual([]);
    await expectNoAxeFindings(page, `${path} on a phone`);
    await picture(page, `phone-${name.toLowerCase().replaceAll(" ", "-")}`);
  }
  expect(errors()).toEqual([]);
  await page.context().close();
});
