/** A time zone by its IANA name, found by typing a part of it. */
import { ChevronDown } from "lucide-react";
import { Button, ComboBox, Input, Label, ListBox, ListBoxItem, Popover, Text } from "react-aria-components";
import fields from "../../ui/Field.module.css";
import { cls } from "../../ui";
import overlays from "../../ui/overlays.module.css";
import styles from "./ZonePicker.module.css";

/** Names that people look for and that browsers list under an older one. */
const renamed = ["Asia/Ho_Chi_Minh", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Yangon", "Europe/Kyiv", "America/Nuuk", "Atlantic/Faroe"];

/** What this browser knows, with UTC first. */
const zones = ["UTC", ...[...new Set([...Intl.supportedValuesOf("timeZone"), ...renamed])].filter((zone) => zone !== "UTC").toSorted()].map((id) => ({ id, words: id.replaceAll("_", " ") }));

export function ZonePicker({ value, onChange, hint }: { value: string; onChange: (zone: string) => void; hint: string }) {
  const items = zones.some(({ id }) => id === value) ? zones : [{ id: value, words: value }, ...zones];
  return (
    <ComboBox className={fields.field ?? ""} defaultItems={items} selectedKey={value} onSelectionChange={(key) => key && onChange(String(key))}>
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
