/** A time zone by its IANA name, found by typing a part of it. */
import { ChevronDown } from "lucide-react";
import { useMemo, useState } from "react";
import { Button, ComboBox, Input, type Key, Label, ListBox, ListBoxItem, Popover, Text } from "react-aria-components";
import fields from "../../ui/Field.module.css";
import { cls } from "../../ui";
import overlays from "../../ui/overlays.module.css";
import styles from "./ZonePicker.module.css";

/** Names that people look for and that browsers list under an older one. */
const renamed = ["Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Yangon", "Europe/Kyiv", "America/Nuuk", "Atlantic/Faroe"];

const wordsOf = (id: string) => id.replaceAll("_", " ");

/** What this browser knows, with UTC first. */
const zones = ["UTC", ...[...new Set([...Intl.supportedValuesOf("timeZone"), ...renamed])].filter((zone) => zone !== "UTC").toSorted()].map((id) => ({ id, words: wordsOf(id) }));

/** The zones whose names hold what was typed; all of them while that is still the chosen zone's name. */
function zonesFor(text: string, items: typeof zones, chosen: string) {
  const typed = text.trim().toLowerCase();
  return typed === "" || text === wordsOf(chosen) ? items : items.filter(({ words }) => words.toLowerCase().includes(typed));
}

/**
 * The filter is ours, not the component's: there an arrow key that comes right behind the last letter, before the list
 * has opened, opens the whole list and chooses its first zone.
 */
export function ZonePicker({ value, onChange, hint }: { value: string; onChange: (zone: string) => void; hint: string }) {
  const [text, setText] = useState(() => wordsOf(value));
  const items = useMemo(() => (zones.some(({ id }) => id === value) ? zones : [{ id: value, words: wordsOf(value) }, ...zones]), [value]);
  const choose = (key: Key | null) => {
    // Without a key the field was left with words that are no zone: the chosen one stays.
    const zone = key === null ? value : String(key);
    setText(wordsOf(zone));
    if (zone !== value) onChange(zone);
  };
  return (
    <ComboBox className={fields.field ?? ""} items={zonesFor(text, items, value)} inputValue={text} onInputChange={setText} selectedKey={value} onSelectionChange={choose}>
      <Label>Time zone</Label>
      <span className={styles.box}>
        <Input className={fields.input ?? ""} />
        <Button className={styles.open ?? ""}><ChevronDown aria-hidden="true" /></Button>
      </span>
      <Text slot="description" className={fields.hint ?? ""}>{hint}</Text>
      <Popover className={cls(overlays.popover, fields.list)}>
        <ListBox<(typeof zones)[number]> className={overlays.menu ?? ""}>
          {(zone) => <ListBoxItem id={zone.id} textValue={zone.words} className={overlays.item ?? ""}>{zone.words}</ListBoxItem>}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
