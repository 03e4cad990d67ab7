/** Browser tests against a real `martello demo` in a real Chromium: `npm run e2e`. One demo and one browser a file. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: "../node_modules/.vite-e2e",
  test: {
    root: import.meta.dirname,
    environment: "node",
    include: ["specs/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ["verbose"],
  },
});
