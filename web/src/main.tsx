/** Where the page begins: mounts the app. Knows no screen. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./ui/base.css";
import { App } from "./App";
import { startTheme } from "./shell/theme";

startTheme();
// A site made of words only, for looking at screens without a server: `npm run mock`. Left out of every build.
if (import.meta.env.MODE === "mock") (await import("../mock/install")).install();

const root = document.getElementById("app");
if (root) createRoot(root).render(<StrictMode><App /></StrictMode>);
