import { screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { renderAt } from "../../test/render";
import { rememberNext, takeNext } from "./providers";

beforeEach(() => sessionStorage.clear());

test("the sign-in page has a way in for each provider, beside name and password", async () => {
  renderAt("/sign-in", { signedIn: false });
  expect(await screen.findByRole("button", { name: "Sign in with Harbour" })).toBeTruthy();
  expect(screen.getByLabelText("User")).toBeTruthy();
});

test("without providers there is name and password only", async () => {
  renderAt("/sign-in", { signedIn: false, empty: true });
  await screen.findByLabelText("User");
  expect(screen.queryByRole("button", { name: /Sign in with/ })).toBeNull();
});

test("what a provider sends the browser back with is handed over once, and leads to where one wanted to go", async () => {
  rememberNext("/alarms");
  const page = renderAt("/sign-in/openid?state=s&code=c&iss=https%3A%2F%2Flogin.harbour.example&session_state=x", { signedIn: false });
  expect(await screen.findByRole("heading", { name: "Alarms" })).toBeTruthy();
  expect(page.at()).toBe("/alarms");
  expect(page.sent("POST")?.body).toEqual({ state: "s", code: "c", iss: "https://login.harbour.example" });
  expect(takeNext()).toBe("/");
});

test("a sign-in that failed there or here says why and leads back", async () => {
  const page = renderAt("/sign-in/openid?state=s&error=access_denied", { signedIn: false });
  expect((await screen.findByRole("alert")).textContent).toContain("access_denied");
  await userEvent.click(screen.getByRole("link", { name: "Back to the sign-in" }));
  await waitFor(() => expect(page.at()).toBe("/sign-in"));
});

test("an address that is not ours is never gone to", () => {
  for (const evil of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
    rememberNext(evil);
    expect(takeNext()).toBe("/");
  }
});
