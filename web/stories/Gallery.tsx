/**
 * The component gallery: `npm run mock`, then `/gallery`. Primitives are shown here, screens are linked with their states.
 * In no build but the mock's.
 */
import { createElement } from "react";
import { setTheme, useTheme } from "../src/shell/theme";
import { Button } from "../src/ui";
import styles from "./Gallery.module.css";
import { primitives, QuestionStory, ToastStory } from "./primitives";
import { addressOf, screens } from "./screens";

/** Those that lie over a screen have an address of their own. */
export const overlays = { question: QuestionStory, toasts: ToastStory };

export function Gallery() {
  const story = globalThis.location.pathname.split("/")[2] ?? "";
  if (story in overlays) return <main className={styles.over}>{createElement(overlays[story as keyof typeof overlays])}</main>;
  return story === "primitives" ? <Primitives /> : <Index />;
}

function Primitives() {
  return (
    <main className={styles.page}>
      {Object.entries(primitives).map(([name, shown]) => (
        <section key={name}>
          <h2>{name}</h2>
          <div className={styles.row}>{shown}</div>
        </section>
      ))}
    </main>
  );
}

function Index() {
  const theme = useTheme();
  return (
    <main className={styles.page}>
      <h1>Gallery</h1>
      <Button onPress={() => setTheme(theme === "light" ? "dark" : "light")}>{theme === "light" ? "Dark" : "Light"}</Button>
      <h2>Primitives</h2>
      <ul className={styles.links}>
        {["primitives", ...Object.keys(overlays)].map((name) => <li key={name}><a href={`/gallery/${name}`}>{name}</a></li>)}
      </ul>
      <h2>Screens and their states</h2>
      <ul className={styles.links}>
        {screens.map((screen) => <li key={screen.name}><a href={addressOf(screen)}>{screen.name}</a></li>)}
      </ul>
    </main>
  );
}
