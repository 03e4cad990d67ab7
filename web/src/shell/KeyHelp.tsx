/** The keys that do something on the screen that is shown now, from the one table. */
import { keysOf } from "../keys/chosen";
import { type KeyId, type Place, keymap, places, printed } from "../keys/keymap";
import { activeKeys } from "../keys/useKeys";
import { paths } from "../paths";
import { Button, Dialog, DialogActions, LinkButton } from "../ui";
import styles from "./KeyHelp.module.css";

/** "1" to "9" is told as one. */
const shortened = (keys: readonly string[]) => (keys.length > 3 ? [`${keys[0]} – ${keys.at(-1)}`] : keys.map(printed));

export function KeyHelp({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  return (
    <Dialog title="Keys" isOpen={isOpen} onClose={onClose} wide>
      {isOpen ? <Groups /> : null}
      <DialogActions>
        <LinkButton look="quiet" href={paths.preferences()} onPress={onClose}>Change keys</LinkButton>
        <Button onPress={onClose} autoFocus>Close</Button>
      </DialogActions>
    </Dialog>
  );
}

function Groups() {
  const active = activeKeys();
  return (
    <div className={styles.groups}>
      {(Object.keys(places) as Place[]).map((place) => {
        const ids = (Object.keys(keymap) as KeyId[]).filter((id) => keymap[id].place === place && active.has(id));
        if (ids.length === 0) return null;
        return (
          <section key={place} aria-label={places[place]}>
            <h3>{places[place]}</h3>
            <dl>
              {ids.map((id) => (
                <div key={id}>
                  <dt>{keymap[id].does}</dt>
                  <dd>{shortened(keysOf(id)).map((key) => <kbd key={key}>{key}</kbd>)}</dd>
                </div>
              ))}
            </dl>
          </section>
        );
      })}
    </div>
  );
}
