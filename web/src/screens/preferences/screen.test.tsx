import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, test } from "vitest";
import { resetKeys } from "../../keys/chosen";
import { setTheme } from "../../shell/theme";
import { renderAt } from "../../test/render";

afterEach(() => {
  resetKeys();
  setTheme("dark");
});

test("a key is changed, a taken one is refused by name, and it can be as it was", async () => {
  renderAt("/preferences");
  const live = within(await screen.findByRole("region", { name: "Live" }));
  await userEvent.click(live.getByRole("button", { name: "Sound on or off: m. Change" }));
  await userEvent.keyboard("s");
  expect((await live.findByRole("alert")).textContent).toBe("s is taken by “Save a snapshot”.");
  await userEvent.keyboard("u");
  expect(await live.findByRole("button", { name: "Sound on or off: u. Change" })).toBeTruthy();
  await userEvent.click(live.getByRole("button", { name: "Sound on or off: as it was" }));
  expect(await live.findByRole("button", { name: "Sound on or off: m. Change" })).toBeTruthy();
});

test("a key that is being chosen does nothing else", async () => {
  const page = renderAt("/preferences");
  const everywhere = within(await screen.findByRole("region", { name: "Everywhere" }));
  await userEvent.click(everywhere.getByRole("button", { name: /^Go to Live: g then l/ }));
  await userEvent.keyboard("v");
  expect(await everywhere.findByRole("button", { name: /^Go to Live: g then v/ })).toBeTruthy();
  expect(page.at()).toBe("/preferences");
});

test("the theme is put on at once", async () => {
  renderAt("/preferences");
  await userEvent.click(await screen.findByRole("radio", { name: "Light" }));
  expect(document.documentElement.dataset["theme"]).toBe("light");
});
