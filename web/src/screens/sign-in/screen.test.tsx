import { screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderAt } from "../../test/render";

async function signIn(user: string, password: string) {
  await userEvent.type(await screen.findByLabelText("User"), user);
  await userEvent.type(screen.getByLabelText("Password"), password);
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

test("a room asked for without a sign-in leads to the sign-in and back", async () => {
  const page = renderAt("/alarms?show=all", { signedIn: false });
  await signIn("Ines", "lighthouse");
  expect(await screen.findByRole("heading", { name: "Alarms" })).toBeTruthy();
  expect(page.at()).toBe("/alarms?show=all");
});

test("a wrong password is said at the form, the name stays, the password is typed anew", async () => {
  renderAt("/sign-in", { signedIn: false });
  await signIn("Ines", "lamp");
  expect((await screen.findByRole("alert")).textContent).toBe("Name or password is wrong.");
  expect(screen.getByLabelText<HTMLInputElement>("User").value).toBe("Ines");
  expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("");
  await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("Password")));
});

test("after too many tries the button says how long to wait, and what was typed stays", async () => {
  renderAt("/sign-in", { signedIn: false });
  await signIn("locked", "x");
  const button = await screen.findByRole("button", { name: /Sign in, in \d+ s/ });
  expect(button.hasAttribute("disabled")).toBe(true);
  expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("x");
});

test("whoever has an authenticator app is asked for its code, which is no error; a wrong code is", async () => {
  const page = renderAt("/sign-in?next=%2Falarms", { signedIn: false });
  await signIn("Astrid", "lighthouse");
  const code = await screen.findByLabelText("Code");
  expect(screen.queryByRole("alert")).toBeNull();
  await waitFor(() => expect(document.activeElement).toBe(code));
  await userEvent.type(code, "000000{Enter}");
  expect((await screen.findByRole("alert")).textContent).toContain("The code is wrong or was used already.");
  await userEvent.type(screen.getByLabelText("Code"), "280 117{Enter}");
  expect(await screen.findByRole("heading", { name: "Alarms" })).toBeTruthy();
  expect(page.sent("POST")?.body).toEqual({ user: "Astrid", password: "lighthouse", code: "280 117" });
});

test("from the code one can go back and sign in as somebody else", async () => {
  renderAt("/sign-in", { signedIn: false });
  await signIn("Astrid", "lighthouse");
  await userEvent.click(await screen.findByRole("button", { name: "Sign in as somebody else" }));
  expect(screen.getByLabelText<HTMLInputElement>("Password").value).toBe("");
});

test("a site without an administrator says where the link is", async () => {
  renderAt("/sign-in", { signedIn: false, setUpNeeded: true });
  expect(await screen.findByText("This site has no administrator yet")).toBeTruthy();
  expect(screen.queryByLabelText("Password")).toBeNull();
});

test("when the sign-in ends, the next question leads to the sign-in", async () => {
  const page = renderAt("/alarms");
  await screen.findByRole("heading", { name: "Alarms" });
  page.site.state.session = null;
  await page.client.invalidateQueries();
  await waitFor(() => expect(page.at()).toBe("/sign-in?next=%2Falarms"));
});
