/** The keys, each with a button that takes another one. A key that is taken already is refused, and by what is said. */
import { RotateCcw } from "lucide-react";
import { Fragment, type KeyboardEvent, useState } from "react";
import { changeable, chooseKey, keyFor, keysOf, resetKeys, takenBy, useChosenKeys } from "../../keys/chosen";
import { type KeyId, type Place, keymap, places, printed } from "../../keys/keymap";
import { strokeOf } from "../../keys/match";
import { Button, IconButton } from "../../ui";
import { Section } from "../settings/Section";
import styles from "./Screen.module.css";

const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock", "AltGraph", "Dead"]);

export function Keys() {
  const chosen = useChosenKeys();
  const [taking, setTaking] = useState<KeyId>();
  const [refused, setRefused] = useState("");
  const begin = (id: KeyId | undefined) => {
    setTaking(id);
    setRefused("");
  };
  const take = (id: KeyId, event: KeyboardEvent) => {
    if (MODIFIERS.has(event.key) || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return begin(undefined);
    const key = keyFor(id, strokeOf(event));
    const other = takenBy(id, key);
    if (other) return setRefused(`${printed(key)} is taken by “${keymap[other].does}”.`);
    chooseKey(id, key);
    begin(undefined);
  };
  const any = Object.keys(chosen).length > 0;
  return (
    <Section
      title="Keys"
      about="Each can be another one in this browser. Numbers choose layouts of Live and stay."
      action={any ? <Button icon={<RotateCcw />} onPress={resetKeys}>All as they were</Button> : null}
    >
      <div className={styles.places}>
        {(Object.keys(places) as Place[]).map((place) => (
          <section key={place} aria-label={places[place]}>
            <h3>{places[place]}</h3>
            <ul>
              {(Object.keys(keymap) as KeyId[]).filter((id) => keymap[id].place === place && changeable(id)).map((id) => (
                <li key={id}>
                  <span>{keymap[id].does}</span>
                  {taking === id && refused ? <span role="alert" className={styles.refused}>{refused}</span> : null}
                  {chosen[id] === undefined ? null : <IconButton label={`${keymap[id].does}: as it was`} onPress={() => chooseKey(id, undefined)}><RotateCcw /></IconButton>}
                  <button
                    type="button"
                    className={styles.key}
                    aria-label={taking === id ? `Press a key for: ${keymap[id].does}` : `${keymap[id].does}: ${keysOf(id).map(printed).join(" ")}. Change`}
                    onClick={() => begin(taking === id ? undefined : id)}
                    onBlur={() => taking === id && begin(undefined)}
                    onKeyDown={(event) => taking === id && take(id, event)}
                  >
                    {taking === id ? "Press a key" : keysOf(id).map((key) => <Fragment key={key}><kbd>{printed(key)}</kbd> </Fragment>)}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </Section>
  );
}
