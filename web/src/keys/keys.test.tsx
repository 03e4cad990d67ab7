import { fireEvent, render } from "@testing-library/react";
import { describe, expect, test, vi } from "vitest";
import { type KeyId, keymap, printed } from "./keymap";
import { belongsToWidget, strokeOf } from "./match";
import { type KeyHandlers, useKeys } from "./useKeys";

function Screen({ handlers }: { handlers: KeyHandlers }) {
  useKeys(handlers);
  return null;
}

const press = (key: string, over: KeyboardEventInit = {}, on: Element = document.body) => fireEvent.keyDown(on, { key, ...over });

describe("the table", () => {
  test.each(["live", "recordings"] as const)("on %s no key means two things", (place) => {
    const keys = (Object.keys(keymap) as KeyId[]).filter((id) => ["everywhere", place].includes(keymap[id].place)).flatMap((id) => [...keymap[id].keys]);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  test("no key of a screen is the first of a sequence", () => {
    const keys: string[] = Object.values(keymap).flatMap(({ keys: all }) => [...all]);
    const firsts = new Set(keys.filter((key) => key.length > 1 && key.includes(" ")).map((key) => key.split(" ")[0]));
    expect(keys.filter((key) => firsts.has(key))).toEqual([]);
  });

  test.each([["g l", "g then l"], ["shift+ArrowLeft", "Shift ←"], [" ", "Space"], ["+", "+"], ["?", "?"]])("%s is printed as %s", (key, words) => expect(printed(key)).toBe(words));
});

describe("a stroke", () => {
  test.each([
    ["a letter", { key: "l" }, "l"], ["a capital", { key: "L", shiftKey: true }, "shift+l"], ["caps lock", { key: "L" }, "l"], ["a sign with shift", { key: "?", shiftKey: true }, "?"],
    ["an arrow with shift", { key: "ArrowLeft", shiftKey: true }, "shift+ArrowLeft"], ["ctrl", { key: "ArrowLeft", ctrlKey: true }, "ctrl+ArrowLeft"],
  ])("of %s", (_, event, name) => expect(strokeOf({ shiftKey: false, ctrlKey: false, metaKey: false, ...event })).toBe(name));

  test.each([
    ["<input>", "l", true], ["<textarea></textarea>", "?", true], ["<button></button>", "Enter", true], ["<button></button>", "l", false], ['<input type="checkbox">', "l", false],
    ['<div role="dialog"><b></b></div>', "Escape", true], ["<p></p>", " ", false], ['<div role="grid"><i></i></div>', "ArrowLeft", true],
  ])("at %s of %s belongs to the widget: %s", (html, stroke, is) => {
    document.body.innerHTML = html;
    expect(belongsToWidget(document.body.querySelector("b, i") ?? document.body.firstElementChild, stroke)).toBe(is);
    document.body.innerHTML = "";
  });
});

describe("handlers", () => {
  test("a sequence fires once, and not after a pause", () => {
    const go = vi.fn();
    render(<Screen handlers={{ "go.live": go }} />);
    press("g");
    press("l");
    expect(go).toHaveBeenCalledTimes(1);
    press("l");
    expect(go).toHaveBeenCalledTimes(1);
  });

  test("the newest screen is asked first, the older one for what is left", () => {
    const [outer, inner, help] = [vi.fn(), vi.fn(), vi.fn()];
    render(<Screen handlers={{ "live.back": outer, help }} />);
    render(<Screen handlers={{ "live.back": inner }} />);
    press("Escape");
    press("?", { shiftKey: true });
    expect([outer, inner, help].map((one) => one.mock.calls.length)).toEqual([0, 1, 1]);
  });

  test("nothing fires in a text field or with alt", () => {
    const mute = vi.fn();
    const { container } = render(<><input /><Screen handlers={{ "live.mute": mute }} /></>);
    press("m", {}, container.querySelector("input") ?? container);
    press("m", { altKey: true });
    expect(mute).not.toHaveBeenCalled();
  });

  test("the pressed key is told for entries with several", () => {
    const layout = vi.fn();
    render(<Screen handlers={{ "live.layout": layout }} />);
    press("4");
    expect(layout.mock.calls[0]?.[0]).toBe("4");
  });
});
