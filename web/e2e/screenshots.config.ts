/** Takes the pictures of the documentation again, from a demo: `npm run screenshots`. Checks nothing. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  cacheDir: "../node_modules/.vite-e2e",
  test: { root: import.meta.dirname, environment: "node", include: ["screenshots.ts"], testTimeout: 300_000, hookTimeout: 120_000 },
});
