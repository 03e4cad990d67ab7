import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toast, Toasts } from "./Toast";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  act(() => vi.runAllTimers());
  vi.useRealTimers();
});
const pass = (ms: number) => act(() => vi.advanceTimersByTime(ms));
const words = () => screen.queryByText("Gate north was added.");

test("words about what was done go by themselves", () => {
  render(<Toasts />);
  act(() => toast("Gate north was added."));
  pass(4900);
  expect(words()).not.toBeNull();
  pass(200);
  expect(words()).toBeNull();
});

test.each([["pointed at", "pointerOver", "pointerLeave"], ["focused", "focusIn", "focusOut"]] as const)("while they are %s they stay", (_, on, off) => {
  render(<Toasts />);
  act(() => toast("Gate north was added."));
  const box = screen.getByRole("status");
  fireEvent[on](box);
  pass(60_000);
  expect(words()).not.toBeNull();
  fireEvent[off](box);
  pass(5100);
  expect(words()).toBeNull();
});

test("dismissing one lets the others go on", () => {
  render(<Toasts />);
  act(() => toast("Yard was added."));
  act(() => toast("Gate north was added."));
  fireEvent.pointerOver(screen.getByRole("status"));
  fireEvent.click(screen.getAllByRole("button", { name: "Dismiss" })[0] as HTMLElement);
  pass(5100);
  expect(words()).toBeNull();
});
