import { screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderAt } from "../../test/render";

const button = { name: "Sign in with this computer’s account" };

test("the account of the computer signs in, and leads to where one wanted to go", async () => {
  const page = renderAt("/sign-in?next=%2Falarms", { signedIn: false, computer: true });
  await userEvent.click(await screen.findByRole("button", button));
  expect(await screen.findByRole("heading", { name: "Alarms" })).toBeTruthy();
  expect(page.sent("POST")?.body).toEqual({});
});

test("where no directory takes tickets there is no such button", async () => {
  renderAt("/sign-in", { signedIn: false });
  await screen.findByLabelText("User");
  expect(screen.queryByRole("button", button)).toBeNull();
});
