/**
 * A directory as an administrator meets it, with a real slapd: added in its room, its groups let in by the picker, one of
 * its people signs in; it goes away and comes back. And the certificate of the site: one of one's own, and back. One site.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectNoAxeFindings, goTo, signIn, smallTargets } from "../fixtures/app";
import { type TestBrowser, type WatchedPage, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";
import { ANNA, BASE, SEARCHER, type Slapd, missing, startSlapd } from "../fixtures/slapd";

let demo: Demo;
let browser: TestBrowser;
let admin: WatchedPage;

beforeAll(async () => {
  demo = await startDemo("--empty");
  browser = await openBrowser(demo.certificatePem);
  // What is refused and what is not trusted belongs to these tests: the browser prints it by itself.
  admin = await openPage(browser.browser, undefined, [/status of 422/, /ERR_CERT/]);
  await signIn(admin.page, demo, "/settings/directories");
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

const why = missing();
if (why) console.warn(`SKIPPED: ${why}`);

describe.skipIf(why)("a directory", () => {
  let slapd: Slapd;
  beforeAll(async () => void (slapd = await startSlapd()));
  afterAll(() => slapd?.remove());
  const card = () => admin.page.getByRole("list", { name: "Directories" }).getByRole("listitem");

  test("is tried, says what is wrong, and is added with keys and pointer", async () => {
    const { page } = admin;
    await page.getByRole("button", { name: "Add a directory" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a directory" });
    await dialog.getByLabel("Name").fill("Head office");
    await dialog.getByText("OpenLDAP, 389 Directory Server").click();
    await dialog.getByLabel("Servers").fill(`localhost:${slapd.port}`);
    await dialog.getByLabel("Certificate of the authority").fill(slapd.authority);
    await dialog.getByLabel("Base").fill(BASE);
    await dialog.getByLabel("Account that searches").fill(SEARCHER.account);
    await dialog.getByLabel("Its password").fill("not the password");
    await dialog.getByRole("button", { name: "Test the connection" }).click();
    await dialog.getByRole("alert").getByText("Check the account that searches and its password.").waitFor();
    await expectNoAxeFindings(page, "the form of a directory");
    await dialog.getByLabel("Its password").fill(SEARCHER.password);
    await dialog.getByRole("button", { name: "Test the connection" }).press("Enter");
    await dialog.getByText("The account sees 2 users and 2 groups.").waitFor();
    await dialog.getByRole("button", { name: "Add the directory" }).press("Enter");
    await card().getByText("Answers", { exact: true }).waitFor({ timeout: 40_000 });
    expect(await page.content()).not.toContain(SEARCHER.password);
  });

  test("lets a group in by the picker, and with it who is in a group of it", async () => {
    const { page } = admin;
    await goTo(page, "/settings/groups");
    await page.getByRole("button", { name: "Add a group" }).click();
    const dialog = page.getByRole("dialog", { name: "Add a group" });
    await dialog.getByRole("button", { name: /From/ }).click();
    await page.getByRole("option", { name: /Head office/ }).click();
    await dialog.getByRole("searchbox").fill("guar");
    await dialog.getByRole("row", { name: /night/ }).waitFor({ state: "detached" });
    await expectNoAxeFindings(page, "the picker");
    await dialog.getByRole("row", { name: /guards/ }).locator("label").click();
    await dialog.getByRole("button", { name: "Add the group" }).click();
    await page.getByRole("heading", { name: "guards@example.org" }).waitFor();
    await page.getByText("A group of Head office").waitFor();
    await expectNoAxeFindings(page, "a group of a directory");

    // Nothing was ticked for the group yet: she is in, and sees no camera.
    const anna = await openPage(browser.browser, phone, [/status of 403 .*\/v1\/cameras/]);
    await signIn(anna.page, { ...demo, site: { ...demo.site, user: ANNA.user, password: ANNA.password } });
    await goTo(page, "/settings/users");
    await page.getByRole("row", { name: /anna@example\.org/ }).getByText("Head office").waitFor();
    expect([...anna.errors(), ...admin.errors()]).toEqual([]);
    await anna.page.context().close();
  });

  test("that goes away is said in its room and by an alarm, with who goes on until when; and that it is back", async () => {
    const { page } = admin;
    await goTo(page, "/settings/directories");
    await card().getByText("Answers", { exact: true }).waitFor();
    await slapd.down();
    await page.getByRole("button", { name: "Test Head office" }).click();
    await card().getByText(/^No answer since/).waitFor({ timeout: 60_000 });
    await card().getByText(/Users of this site sign in as always\. Whoever it confirmed last goes on until/).waitFor();
    await expectNoAxeFindings(page, "a directory that is away");
    await page.getByRole("contentinfo").getByText("Head office: the directory cannot be asked").waitFor({ timeout: 60_000 });
    await goTo(page, "/alarms");
    await page.getByRole("list", { name: "Alarms" }).getByRole("link", { name: /Head office/ }).click();
    await slapd.up();
    await page.getByRole("button", { name: "Test Head office" }).click();
    await card().getByText("Answers", { exact: true }).waitFor({ timeout: 60_000 });
    expect(admin.errors()).toEqual([]);
  }, 200_000);

  test("fits a phone, and goes after a question", async () => {
    const { page } = admin;
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    expect(await smallTargets(page)).toEqual([]);
    await page.getByRole("button", { name: "Remove Head office" }).click();
    await page.getByRole("alertdialog").getByRole("button", { name: "Remove Head office" }).click();
    await page.getByText("No directories").waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
  });
});

test("a certificate of one's own is installed, told with when it ends, and the site's own served again", async () => {
  const { page } = admin;
  const dir = mkdtempSync(join(tmpdir(), "martello-certificate-"));
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "chain.pem", "-days", "5", "-subj", "/CN=Harbour authority", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], { cwd: dir, stdio: "pipe" });
  const shown = execFileSync("openssl", ["x509", "-in", "chain.pem", "-noout", "-fingerprint", "-sha256"], { cwd: dir, encoding: "utf8" }).trim().split("=")[1] ?? "";
  writeFileSync(join(dir, "other.pem"), "no key");
  await goTo(page, "/settings/certificate");
  await page.getByText("Made by the site itself").waitFor();
  const hex = (text: string) => text.replaceAll(/[^0-9a-f]/gi, "").toLowerCase();
  const numbers = async () => (await page.getByRole("definition").allTextContents()).map(hex).join(" ");
  expect(await numbers()).toContain(hex(demo.site.certificate_id));
  expect(await numbers()).toContain(hex(demo.site.tls_certificate_sha256));
  await page.getByRole("button", { name: "Install your own" }).click();
  const dialog = page.getByRole("dialog", { name: "Install a certificate" });
  await dialog.locator('input[type="file"]').nth(0).setInputFiles(join(dir, "chain.pem"));
  await dialog.locator('input[type="file"]').nth(1).setInputFiles(join(dir, "other.pem"));
  await dialog.getByRole("button", { name: "Install it" }).click();
  await dialog.getByText("This does not look like privkey.pem, not encrypted.").waitFor();
  await expectNoAxeFindings(page, "installing a certificate");
  await dialog.locator('input[type="file"]').nth(1).setInputFiles(join(dir, "key.pem"));
  await page.waitForFunction(() => [...document.querySelectorAll("textarea")].every(({ value }) => value.startsWith("-----BEGIN")));
  await dialog.getByRole("button", { name: "Install it" }).click();
  await page.getByText(/^Harbour authority\. Browsers know it only/).waitFor();
  expect(await numbers()).toContain(hex(shown));
  await page.getByText("The TLS certificate ends within 21 days", { exact: true }).waitFor();
  expect(readFileSync(join(dir, "key.pem"), "utf8").split("\n").filter((line) => line.length > 40).some((line) => demo.log().includes(line))).toBe(false);
  await page.getByRole("contentinfo").getByText(/^The TLS certificate ends within 7 days/).waitFor();
  await page.getByRole("button", { name: "Go back to the site's own" }).click();
  await page.getByRole("button", { name: "Serve the site's own" }).click();
  await page.getByText("Made by the site itself").waitFor();
  expect(await numbers()).toContain(hex(demo.site.tls_certificate_sha256));
  expect(admin.errors()).toEqual([]);
  rmSync(dir, { recursive: true, force: true });
});
