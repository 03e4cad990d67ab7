/** Getting in: the browser's real warning, the sign-in and its errors, and signing out. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectNoAxeFindings, signIn } from "../fixtures/app";
import { type TestBrowser, desktop, openBrowser, openPage, phone } from "../fixtures/browser";
import { type Demo, startDemo } from "../fixtures/demo";
import { type TestProvider, startProvider } from "../fixtures/provider";
import { ask } from "../fixtures/site";
import { totp } from "../fixtures/totp";

let demo: Demo;
let provider: TestProvider;
let known: TestBrowser;

beforeAll(async () => {
  demo = await startDemo();
  provider = await startProvider(demo.site.url, [{ sub: "a1", preferred_username: "anna", name: "Anna Lind", groups: ["guards"] }]);
  known = await openBrowser(demo.certificatePem, provider.certificatePem);
});
afterAll(async () => {
  await known?.close();
  await provider?.stop();
  await demo?.stop();
});

test("a browser that does not know the site warns; behind the warning is the sign-in", async () => {
  const stranger = await openBrowser();
  try {
    const { page } = await openPage(stranger.browser);
    await expect(page.goto(demo.site.url)).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);
    await page.getByText("Your connection is not private").waitFor();
    await page.locator("#details-button").click();
    await page.locator("#proceed-link").click();
    await page.getByLabel("User").waitFor();
    await page.getByRole("button", { name: "Is this the right site?" }).click();
    const shown = (await page.getByRole("definition").first().textContent()) ?? "";
    expect(shown.replaceAll(/[^0-9a-f]/gi, "")).toContain(demo.site.certificate_id.replaceAll(/[^0-9a-f]/gi, ""));
  } finally {
    await stranger.close();
  }
});

test("a wrong password is said at the form and leaves one there", async () => {
  const { page, errors } = await openPage(known.browser);
  await page.goto(demo.site.url);
  await page.getByLabel("User").fill(demo.site.user);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  const alert = page.getByRole("alert");
  await alert.waitFor();
  expect(await alert.textContent()).not.toBe("");
  expect(new URL(page.url()).pathname).toBe("/sign-in");
  expect(errors()).toEqual([]);
  await page.context().close();
});

test("a deep link leads through the sign-in to its screen", async () => {
  const { page, errors } = await openPage(known.browser);
  await signIn(page, demo, "/settings/storage");
  await page.getByRole("heading", { name: "Storage" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/settings/storage");
  expect(errors()).toEqual([]);
  await page.context().close();
});

test("signing out ends the session at the site too", async () => {
  const { page, errors } = await openPage(known.browser, desktop);
  await signIn(page, demo, "/alarms");
  await page.getByRole("button", { name: demo.site.user }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByLabel("Password").waitFor();
  expect(await page.evaluate(async () => (await fetch("/v1/cameras")).status)).toBe(401);
  expect(errors().filter((text) => !text.includes("/v1/cameras"))).toEqual([]);
  await page.context().close();
});

test("whoever has set up an authenticator app signs in with its code, or with a recovery code, each once", async () => {
  const { page, errors } = await openPage(known.browser, desktop, [/status of 401 .*\/v1\/session\)/]);
  await signIn(page, demo, "/alarms");
  const { key } = await ask<{ key: string }>(page, "/v1/account/second-factor", "POST");
  const { codes } = await ask<{ codes: string[] }>(page, "/v1/account/second-factor", "PUT", { code: totp(key) });
  for (const code of [totp(key, 1), codes[0] ?? ""]) {
    await page.getByRole("button", { name: demo.site.user }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByLabel("User").fill(demo.site.user);
    await page.getByLabel("Password").fill(demo.site.password);
    await page.keyboard.press("Enter");
    await page.getByLabel("Code").fill("000 000");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Code").fill(code);
    await page.keyboard.press("Enter");
    await page.getByRole("navigation", { name: "Rooms" }).first().waitFor();
  }
  expect(await page.evaluate(async (code) => (await fetch("/v1/account/second-factor/end", { method: "POST", body: JSON.stringify({ code }), headers: { "content-type": "application/json" } })).status, codes[1])).toBe(204);
  expect(errors()).toEqual([]);
  await page.context().close();
});

test("a provider is set up, and its people sign in there and come back to where they wanted to go", async () => {
  const owner = await openPage(known.browser, desktop);
  await signIn(owner.page, demo, "/settings/providers");
  await owner.page.getByRole("button", { name: "Add a provider" }).click();
  const form = owner.page.getByRole("dialog");
  for (const [label, text] of [
    ["Name", "Harbour"], ["Issuer", provider.issuer], ["Client ID", provider.client_id], ["Client secret", provider.client_secret],
    [/^Scopes/, "profile groups"], [/^Certificate of the authority/, provider.certificatePem],
  ] as const) await form.getByLabel(label).fill(text);
  await form.getByRole("button", { name: "Test" }).click();
  await form.getByText("The provider answers").waitFor();
  await expectNoAxeFindings(owner.page, "the settings of a provider");
  await form.getByRole("button", { name: "Save the provider" }).click();
  await owner.page.getByRole("button", { name: "Let people of Harbour in" }).click();
  await form.getByRole("textbox", { name: "Group" }).fill("guards");
  await form.getByRole("button", { name: "Let in" }).click();
  await owner.page.getByText("and 1 group of it").waitFor();
  expect(owner.errors()).toEqual([]);
  await owner.page.context().close();

  const { page, errors } = await openPage(known.browser, phone);
  // The provider's page would like a typeface from elsewhere.
  await page.route(/fonts\.googleapis/, (route) => route.abort());
  await page.goto(`${demo.site.url}/alarms`);
  const way = page.getByRole("button", { name: "Sign in with Harbour" });
  await way.waitFor();
  await expectNoAxeFindings(page, "the sign-in with a provider");
  await way.click();
  await page.locator("[name=login]").fill("a1");
  await page.locator("[name=password]").fill("any");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Alarms" }).waitFor();
  expect(new URL(page.url()).href).toBe(`${demo.site.url}/alarms`);
  expect((await ask<{ user: string }>(page, "/v1/session")).user).toBe("anna (Harbour)");
  // What did not begin here leads nowhere.
  await page.goto(`${demo.site.url}/sign-in/openid?code=x&state=y`);
  await page.getByText("This is not a sign-in that was begun here a moment ago").waitFor();
  const theirs = (text: string) => text.includes(provider.issuer) || text.includes("fonts.googleapis");
  expect(errors().filter((text) => !theirs(text) && !/status of 409 .*\/v1\/session\/openid/.test(text))).toEqual([]);
  await page.context().close();
});

test("who tries too often is told how long to wait", async () => {
  const { page } = await openPage(known.browser);
  await page.goto(demo.site.url);
  await page.getByLabel("User").fill("nobody");
  const button = page.locator("button[type=submit]");
  for (let tries = 0; tries < 20 && !(await page.getByText(/Too many wrong passwords/).isVisible()); tries++) {
    await page.getByLabel("Password").fill("guess");
    const answered = page.waitForResponse("**/v1/session");
    await button.click();
    await answered;
  }
  await page.getByText(/Wait \d+ s, then try again\./).waitFor();
  expect(await button.isDisabled()).toBe(true);
  // The wait is short at first, and then the button is back.
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await page.context().close();
});
