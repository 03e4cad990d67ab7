/** Runs before every unit test file: what jsdom lacks, and a clean page for each test. */
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// A busy machine is slow; a test that is right does not wait.
configure({ asyncUtilTimeout: 8000 });

/** A socket that never opens: events are tested apart. */
class SilentSocket extends EventTarget {
  close() {}
  send() {}
}

beforeEach(() => {
  vi.stubGlobal("WebSocket", SilentSocket);
  vi.stubGlobal("matchMedia", (media: string) => ({ matches: false, media, addEventListener() {}, removeEventListener() {} }));
  vi.stubGlobal("CSS", { escape: (text: string) => text.replaceAll(/[^\w-]/g, (sign) => `\\${sign}`), supports: () => false });
  URL.createObjectURL = () => "blob:none";
  URL.revokeObjectURL = () => undefined;
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
