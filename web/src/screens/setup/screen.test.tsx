import { screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderAt } from "../../test/render";

async function fill(password: string, again = password) {
  await userEvent.type(await screen.findByLabelText("Administrator"), "Ines");
  await userEvent.type(screen.getByLabelText("Password"), password);
  await userEvent.type(screen.getByLabelText("Password again"), again);
  await userEvent.click(screen.getByRole("button", { name: /Make the administrator/ }));
}

test("the first run shows both numbers, makes the administrator, asks for a backup once and leads to adding devices", async () => {
  const page = renderAt("/setup?code=K7PX-2M9Q", { signedIn: false, setUpNeeded: true, empty: true });
  expect(await screen.findByText(page.site.state.site.certificate_id)).toBeTruthy();
  expect(screen.getByText(/^7D:9B:0F/)).toBeTruthy();
  await fill("£¤ÅÄÖ🗝lamp");
  expect(await screen.findByText("martello backup --data /var/lib/martello --output site.backup")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Go on to the cameras" }));
  expect(await screen.findByRole("heading", { name: "Add devices" })).toBeTruthy();
  expect(page.asked.find(({ method, path }) => method === "POST" && path === "/v1/setup")?.body).toEqual({ code: "K7PX-2M9Q", user: "Ines", password: "£¤ÅÄÖ🗝lamp", site_name: "Harbour Warehouse" });
});

test.each([["short", "short", "Use 8 characters or more."], ["lighthouse", "lighthorse", "The two passwords are not the same."]])("%s and %s: %s", async (password, again, words) => {
  const page = renderAt("/setup?code=K7PX-2M9Q", { signedIn: false, setUpNeeded: true });
  await fill(password, again);
  expect(await screen.findByText(words)).toBeTruthy();
  expect(page.sent("POST")).toBeUndefined();
});

test("without a code in the link it is asked for, and a wrong one is said", async () => {
  renderAt("/setup", { signedIn: false, setUpNeeded: true });
  await userEvent.type(await screen.findByLabelText("Setup code"), "nonsense");
  await fill("lighthouse");
  expect((await screen.findByRole("alert")).textContent).toContain("wrong or used up");
});

test("a site that has its administrator leads to the sign-in", async () => {
  renderAt("/setup?code=K7PX-2M9Q", { signedIn: false });
  expect(await screen.findByRole("button", { name: "Sign in" })).toBeTruthy();
});
