/**
 * Connects entries of the key table with what a screen does. The screen that mounted last is asked first, so that an
 * open dialog or the inner screen wins. Never fires while a text field has the focus.
 */
import { useEffect, useRef } from "react";
import { type KeyId } from "./keymap";
import { begins, belongsToWidget, idsFor, strokeOf } from "./match";

/** What a key does; gets the key that was pressed (for entries with several). */
export type KeyHandler = (key: string, event: KeyboardEvent) => void;
/** Handlers of a screen. */
export type KeyHandlers = Partial<Record<KeyId, KeyHandler>>;

/** A sequence is forgotten after this time. */
const SEQUENCE_MS = 1200;

const layers: { current: KeyHandlers }[] = [];
let begun: { stroke: string; atMs: number } | undefined;

function onKeyDown(event: KeyboardEvent) {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const stroke = strokeOf(event);
  if (belongsToWidget(event.target, stroke)) return;
  const step = begun && event.timeStamp - begun.atMs < SEQUENCE_MS ? begun.stroke : undefined;
  begun = undefined;
  const ids = idsFor(stroke, step);
  for (const layer of layers.toReversed()) {
    const id = ids.find((one) => layer.current[one]);
    if (!id) continue;
    event.preventDefault();
    layer.current[id]?.(event.key, event);
    return;
  }
  if (!step && begins(stroke)) begun = { stroke, atMs: event.timeStamp };
}

/** The entries that do something on the screen that is shown now. */
export function activeKeys(): Set<KeyId> {
  return new Set(layers.flatMap((layer) => Object.keys(layer.current) as KeyId[]));
}

/** Lets keys do something while the calling component is mounted. */
export function useKeys(handlers: KeyHandlers): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    if (layers.length === 0) globalThis.addEventListener("keydown", onKeyDown);
    layers.push(latest);
    return () => {
      layers.splice(layers.indexOf(latest), 1);
      if (layers.length === 0) globalThis.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}
