import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderAt } from "../../test/render";

test("a provider is tried and added; the secret is sent and not shown", async () => {
  const page = renderAt("/settings/providers", { empty: true });
  await userEvent.click(await screen.findByRole("button", { name: "Add a provider" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Add a provider" }));
  const save = dialog.getByRole("button", { name: "Save the provider" });
  expect(save.hasAttribute("disabled")).toBe(true);
  const fill = async (label: string, text: string) => {
    await userEvent.clear(dialog.getByLabelText(label));
    await userEvent.paste(text);
  };
  await fill("Name", "Harbour");
  await fill("Issuer", "https://wrong.example");
  await fill("Client ID", "martello");
  await fill("Client secret", "a secret");
  await userEvent.click(dialog.getByRole("button", { name: "Test" }));
  expect((await dialog.findByRole("alert")).textContent).toContain("cannot be reached");
  await fill("Issuer", "https://login.example");
  await userEvent.click(dialog.getByRole("button", { name: "Test" }));
  expect(await dialog.findByText("The provider answers")).toBeTruthy();
  await userEvent.click(save);
  expect(await screen.findByText("https://login.example")).toBeTruthy();
  expect(page.sent("POST")?.body).toMatchObject({ name: "Harbour", client_secret: "a secret", groups_claim: "groups", scopes: ["profile"], acr: null, offline_minutes: 480 });
  expect(document.body.textContent).not.toContain("a secret");
});

test("a group of a provider is let in by what its claim says", async () => {
  const page = renderAt("/settings/providers");
  await userEvent.click(await screen.findByRole("button", { name: "Let people of Harbour in" }));
  const dialog = within(await screen.findByRole("dialog"));
  await userEvent.type(dialog.getByLabelText("Group"), "guards");
  await userEvent.click(dialog.getByRole("button", { name: "Let in" }));
  expect(await screen.findByText(/“guards \(Harbour\)” may sign in/)).toBeTruthy();
  expect(page.sent("POST")?.body).toMatchObject({ key: "guards", role: "viewer" });
});
