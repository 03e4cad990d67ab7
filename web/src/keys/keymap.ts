/**
 * The one table of keys: it drives the handlers (`useKeys`), the overlay of `?`, the preferences and the reference page. Nothing else may listen for a
 * shortcut. Keys inside a widget (a slider's arrows, a list's type-ahead) belong to the widget, not here.
 *
 * A key is `KeyboardEvent.key` in lower case for letters, with `shift+`, `ctrl+` before it; "g l" is g, then l.
 * `shift+` is written only for keys that keep their name with it (arrows, Home, letters).
 */

/** Where a key counts; the overlay groups by it. */
export type Place = "everywhere" | "live" | "recordings" | "rights";

/** What the places are called. */
export const places: Readonly<Record<Place, string>> = { everywhere: "Everywhere", live: "Live", recordings: "Recordings", rights: "Rights of a user or group" };

interface Binding {
  readonly keys: readonly string[];
  readonly place: Place;
  /** What it does, as the overlay says it. */
  readonly does: string;
}

export const keymap = {
  "help": { keys: ["?"], place: "everywhere", does: "Show the keys" },
  "filter": { keys: ["/"], place: "everywhere", does: "Filter the list" },
  "go.live": { keys: ["g l"], place: "everywhere", does: "Go to Live" },
  "go.recordings": { keys: ["g r"], place: "everywhere", does: "Go to Recordings" },
  "go.exports": { keys: ["g e"], place: "everywhere", does: "Go to Exports" },
  "go.alarms": { keys: ["g a"], place: "everywhere", does: "Go to Alarms" },
  "go.devices": { keys: ["g d"], place: "everywhere", does: "Go to Devices" },
  "go.settings": { keys: ["g s"], place: "everywhere", does: "Go to Settings" },

  "live.layout": { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], place: "live", does: "Choose a layout" },
  "live.left": { keys: ["ArrowLeft"], place: "live", does: "Tile to the left" },
  "live.right": { keys: ["ArrowRight"], place: "live", does: "Tile to the right" },
  "live.up": { keys: ["ArrowUp"], place: "live", does: "Tile above" },
  "live.down": { keys: ["ArrowDown"], place: "live", does: "Tile below" },
  "live.open": { keys: ["Enter"], place: "live", does: "Show the tile alone" },
  "live.back": { keys: ["Escape"], place: "live", does: "Back to all tiles" },
  "live.mute": { keys: ["m"], place: "live", does: "Sound on or off" },
  "live.record": { keys: ["r"], place: "live", does: "Start or stop recording by hand" },
  "live.snapshot": { keys: ["s"], place: "live", does: "Save a snapshot" },
  "live.fill": { keys: ["f"], place: "live", does: "Whole picture or fill the tile" },
  "live.recordings": { keys: ["j"], place: "live", does: "Back 30 s in the recording" },

  "play.toggle": { keys: [" ", "k"], place: "recordings", does: "Play or pause" },
  "play.live": { keys: ["l"], place: "recordings", does: "Go to the newest picture" },
  "play.frameBack": { keys: [","], place: "recordings", does: "One frame back" },
  "play.frameOn": { keys: ["."], place: "recordings", does: "One frame on" },
  "play.back": { keys: ["ArrowLeft"], place: "recordings", does: "1 s back" },
  "play.on": { keys: ["ArrowRight"], place: "recordings", does: "1 s on" },
  "play.backMore": { keys: ["shift+ArrowLeft"], place: "recordings", does: "10 s back" },
  "play.onMore": { keys: ["shift+ArrowRight"], place: "recordings", does: "10 s on" },
  "play.previous": { keys: ["ctrl+ArrowLeft"], place: "recordings", does: "Previous start of recording" },
  "play.next": { keys: ["ctrl+ArrowRight"], place: "recordings", does: "Next start of recording" },
  "play.previousEvent": { keys: ["p"], place: "recordings", does: "Previous event" },
  "play.nextEvent": { keys: ["n"], place: "recordings", does: "Next event" },
  "play.slower": { keys: ["-"], place: "recordings", does: "Slower" },
  "play.faster": { keys: ["+"], place: "recordings", does: "Faster" },
  "play.zoomIn": { keys: ["PageUp"], place: "recordings", does: "Timeline closer" },
  "play.zoomOut": { keys: ["PageDown"], place: "recordings", does: "Timeline wider" },
  "play.markIn": { keys: ["["], place: "recordings", does: "Mark the start of a clip" },
  "play.markOut": { keys: ["]"], place: "recordings", does: "Mark the end of a clip" },
  "play.clear": { keys: ["Escape"], place: "recordings", does: "Clear the marks" },
  "play.save": { keys: ["e"], place: "recordings", does: "Save the clip" },
  "play.snapshot": { keys: ["s"], place: "recordings", does: "Save a snapshot" },
  "play.mute": { keys: ["m"], place: "recordings", does: "Sound on or off" },

  "rights.undo": { keys: ["ctrl+z"], place: "rights", does: "Undo the last step" },
  "rights.redo": { keys: ["ctrl+y", "ctrl+shift+z"], place: "rights", does: "Redo it" },
} as const satisfies Record<string, Binding>;

/** The name of something that a key does. */
export type KeyId = keyof typeof keymap;

/** How a key is printed: "Shift ←", "g then l". */
export function printed(key: string): string {
  const names: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space", PageUp: "Page up", PageDown: "Page down" };
  if (key === " ") return "Space";
  return key
    .split(" ")
    .map((step) => step.split(/\+(?=.)/).map((part) => names[part] ?? (part === "shift" ? "Shift" : part === "ctrl" ? "Ctrl" : part)).join(" "))
    .join(" then ");
}
