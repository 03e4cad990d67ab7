/** Which cameras are in step. */
import { Dialog, DialogTrigger, Popover } from "react-aria-components";
import { count } from "../../time/format";
import { Button, Checkbox } from "../../ui";
import styles from "./recordings.module.css";

/** More cameras than this are not decoded at once. */
export const MOST_CAMERAS = 9;

interface Props {
  cameras: readonly { id: string; name: string }[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

export function CameraPicker({ cameras, chosen, onChange }: Props) {
  return (
    <DialogTrigger>
      <Button look="quiet" className={styles.step ?? ""}>{count(chosen.length, "camera")} in step</Button>
      <Popover className={styles.popover ?? ""} placement="bottom start" offset={6}>
        <Dialog className={styles.cameras ?? ""} aria-label="Cameras in step">
          {cameras.map(({ id, name }) => {
            const on = chosen.includes(id);
            return (
              <Checkbox key={id} isSelected={on} isDisabled={on ? chosen.length === 1 : chosen.length >= MOST_CAMERAS} onChange={(wanted) => onChange(wanted ? [...chosen, id] : chosen.filter((one) => one !== id))}>
                {name}
              </Checkbox>
            );
          })}
          {cameras.length > MOST_CAMERAS && <p>At most {MOST_CAMERAS} at a time.</p>}
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
