/** Where the page begins: mounts the app. Knows no screen. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./ui/base.css";
import { App } from "./App";
import { startTheme } from "./shell/theme";

startTheme();
let Shown = App;
// A site made of words only, and the gallery, for looking at screens without a server: `npm run mock`. Left out of every build.
if (import.meta.env.MODE === "mock") {
  (await import("../mock/install")).install();
  if (globalThis.location.pathname.startsWith("/gallery")) Shown = (await import("../stories/Gallery")).Gallery;
}

const root = document.getElementById("app");
if (root) createRoot(root).render(<StrictMode><Shown /></StrictMode>);
