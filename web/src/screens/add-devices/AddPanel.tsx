/** What the chosen devices get: name and password once for all, and how they are recorded. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { count } from "../../time/format";
import { Button, NumberField, Select, Switch, TextField } from "../../ui";
import pageStyles from "../../ui/Page.module.css";
import { codecs } from "../devices/codecs";
import type { Common } from "./addable";
import styles from "./AddPanel.module.css";

/** What one begins with: the user that Axis cameras have at first, recorded with sound for a month. */
const START: Common = { user: "root", password: "", codec: "h264", record: true, audio: true, days: 30 };

export function AddPanel({ amount, isAdding, onAdd }: { amount: number; isAdding: boolean; onAdd: (common: Common) => Promise<void> }) {
  const [common, setCommon] = useState(START);
  const put = (part: Partial<Common>) => setCommon({ ...common, ...part });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void onAdd(common);
  };
  return (
    <aside className={pageStyles.panel} aria-label="Add the chosen devices">
      <header><div><h2>{count(amount, "device")} chosen</h2><p>All get the same settings. Each can be changed later.</p></div></header>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="User at the cameras" value={common.user} onChange={(user) => put({ user })} autoComplete="off" spellCheck="false" maxLength={128} />
        <TextField label="Password at the cameras" type="password" value={common.password} onChange={(password) => put({ password })} autoComplete="new-password" maxLength={256} hint="Kept encrypted at the site." />
        <Select label="Video" choices={codecs} value={common.codec} onChange={(codec) => put({ codec })} hint={common.codec === "h265" ? "Not every browser shows H.265. The sub stream stays H.264, so there is always a picture." : undefined} />
        <Switch label="Record" hint="Begins as soon as the device is added." isSelected={common.record} onChange={(record) => put({ record })} />
        <Switch label="Sound" isSelected={common.audio} onChange={(audio) => put({ audio })} />
        <NumberField label="Keep recordings for" unit="days" value={common.days} onChange={(days) => put({ days: Number.isNaN(days) ? 0 : days })} minValue={0} maxValue={3650} hint="0: the oldest goes when the storage is full." />
        <Button type="submit" look="primary" isPending={isAdding} isDisabled={amount === 0}>{isAdding ? "Adding" : `Add ${count(amount, "device")}`}</Button>
      </Form>
    </aside>
  );
}
