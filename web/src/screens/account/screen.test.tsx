import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { agentName, reachWords } from "../../people/words";
import { renderAt } from "../../test/render";

test("the password is changed with the old one, and a wrong one is said at the form", async () => {
  const page = renderAt("/account");
  const button = await screen.findByRole("button", { name: "Change the password" });
  await userEvent.type(screen.getByLabelText("Password until now"), "lamp");
  await userEvent.type(screen.getByLabelText("New password"), "pier 4 at night");
  await userEvent.type(screen.getByLabelText("New password again"), "pier 4 at nigh");
  expect(screen.getByText("This is not the same.")).toBeTruthy();
  expect(button.hasAttribute("disabled")).toBe(true);
  await userEvent.type(screen.getByLabelText("New password again"), "t");
  await userEvent.click(button);
  expect((await screen.findByRole("alert")).textContent).toContain("The password until now is wrong.");
  await userEvent.clear(screen.getByLabelText("Password until now"));
  await userEvent.type(screen.getByLabelText("Password until now"), "lighthouse");
  await userEvent.click(button);
  await screen.findByText("The password was changed.");
  expect(page.sent("PUT")?.body).toEqual({ old: "lighthouse", new: "pier 4 at night" });
});

test("a second factor is set up with a key and a code, its recovery codes are shown once, and it is switched off", async () => {
  renderAt("/account");
  await userEvent.click(await screen.findByRole("button", { name: "Set up" }));
  expect(await screen.findByRole("img", { name: "QR code for the authenticator app" })).toBeTruthy();
  expect(screen.getByText("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ")).toBeTruthy();
  await userEvent.type(screen.getByLabelText("Code that the app shows now"), "111111{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("Check the clock of the phone.");
  await userEvent.type(screen.getByLabelText("Code that the app shows now"), "280117{Enter}");
  const codes = await screen.findByRole("list", { name: "Recovery codes" });
  expect(within(codes).getAllByRole("listitem")).toHaveLength(4);
  await userEvent.click(screen.getByRole("button", { name: "I have kept them" }));
  await screen.findByText("A code is asked for at every sign-in");
  await userEvent.click(screen.getByRole("button", { name: "Switch off" }));
  await userEvent.type(screen.getByLabelText("Code"), "280117{Enter}");
  await screen.findByText("Not set up");
});

test("a sign-in in another browser is ended, the own one is marked", async () => {
  renderAt("/account");
  const list = await screen.findByRole("list", { name: "Sign-ins" });
  expect(within(list).getByText("This one")).toBeTruthy();
  await userEvent.click(within(list).getByRole("button", { name: /^End the sign-in Chrome on Android/ }));
  await userEvent.click(screen.getByRole("button", { name: "End the sign-in" }));
  await waitFor(() => expect(within(screen.getByRole("list", { name: "Sign-ins" })).getAllByRole("listitem")).toHaveLength(1));
});

test("a new token's value is shown once, and it is for what was ticked", async () => {
  const page = renderAt("/account", { empty: true });
  await userEvent.click(await screen.findByRole("button", { name: "Make a token" }));
  await userEvent.type(screen.getByLabelText("What it is for"), "Home Assistant");
  await userEvent.click(screen.getByLabelText(/^Only some of it/));
  await userEvent.click(await screen.findByLabelText(/^Video/));
  await userEvent.click(screen.getByRole("button", { name: "Make it" }));
  expect(await screen.findByText(/^mt_/)).toBeTruthy();
  expect(page.sent("POST")?.body).toEqual({ name: "Home Assistant", days: 90, scope: ["camera-video"] });
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  const list = await screen.findByRole("list", { name: "Tokens" });
  expect(within(list).getByText("Home Assistant")).toBeTruthy();
  expect(screen.queryByText(/^mt_/)).toBeNull();
});

test.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"], ["curl/8.5.0", "curl/8.5.0"], ["", "A program that does not say what it is"],
])("%s is %s", (agent, words) => expect(agentName(agent)).toBe(words));

test.each([[60, "60 min"], [90, "90 min"], [720, "12 h"], [1440, "1 day"], [4320, "3 days"], [0, "0 min"]])("%i minutes are %s", (minutes, words) => expect(reachWords(minutes)).toBe(words));
