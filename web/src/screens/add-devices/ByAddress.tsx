/** One camera by its address: looked at first (codec, resolution, sound), then added. */
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useNavigate } from "react-router";
import { addCamera, probeCamera, useChange } from "../../api/changes";
import { keys } from "../../api/queries";
import { paths } from "../../paths";
import { Button, Problem, RadioGroup, Select, Switch, TextField, toast } from "../../ui";
import { codecs } from "../devices/codecs";
import styles from "./ByAddress.module.css";
import { type Manual, emptyManual, manualRequest, withoutCredentials, wrongWith } from "./manual";
import { ProbeResult } from "./ProbeResult";

const kinds = [
  { value: "axis", label: "Axis camera", hint: "Its address is enough: streams, model and time are asked of it." },
  { value: "rtsp", label: "Any RTSP camera", hint: "By the rtsp:// address of its stream, from its manual or its own page." },
] as const;

const transports = [
  { value: "tcp", label: "TCP" },
  { value: "udp", label: "UDP", hint: "For cameras that offer nothing else." },
] as const;

export function ByAddress({ host }: { host: string }) {
  const navigate = useNavigate();
  const [form, setForm] = useState<Manual>(() => emptyManual(host));
  const [checked, setChecked] = useState(false);
  const probe = useChange(probeCamera);
  const add = useChange(addCamera, [keys.cameras, keys.discovery]);
  const put = (part: Partial<Manual>) => {
    setForm({ ...form, ...part });
    probe.reset();
    add.reset();
  };
  const wrong = wrongWith(form);
  const isWrong = Object.keys(wrong).length > 0;

  /** Runs an action when the form is complete; else shows what is missing. */
  const whenRight = (action: () => void) => {
    setChecked(true);
    if (!isWrong) action();
  };
  const look = () => whenRight(() => probe.mutate(manualRequest(form)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    whenRight(() =>
      add.mutate(manualRequest(form), {
        onSuccess: (camera) => {
          toast(`${camera.name} was added.`);
          void navigate(paths.devices({ device: camera.id }));
        },
      }),
    );
  };
  /** Name and password inside of a pasted address go where they belong. */
  const putUrl = (text: string) => {
    const { url, user, password } = withoutCredentials(text);
    put({ mainUrl: url, ...(user ? { user } : {}), ...(password ? { password } : {}) });
  };

  return (
    <div className={styles.columns}>
      <Form className={styles.form ?? ""} onSubmit={submit} validationBehavior="aria">
        <RadioGroup label="Kind" choices={kinds} value={form.kind} onChange={(kind) => put({ kind })} />
        {form.kind === "axis" ? (
          <TextField label="Address" placeholder="192.168.0.90" value={form.address} onChange={(address) => put({ address })} error={checked ? wrong.address : undefined} spellCheck="false" maxLength={512} isRequired hint="IP address or name; https:// before it to speak TLS with it." />
        ) : (
          <>
            <TextField label="Main stream" placeholder="rtsp://192.168.0.97/stream1" value={form.mainUrl} onChange={putUrl} error={checked ? wrong.mainUrl : undefined} spellCheck="false" maxLength={2048} isRequired />
            <TextField label="Sub stream" optional placeholder="rtsp://192.168.0.97/stream2" value={form.subUrl} onChange={(subUrl) => put({ subUrl })} error={checked ? wrong.subUrl : undefined} spellCheck="false" maxLength={2048} hint="A smaller picture of the same, for the grid." />
          </>
        )}
        <div className={styles.pair}>
          <TextField label="User" value={form.user} onChange={(user) => put({ user })} autoComplete="off" spellCheck="false" maxLength={128} />
          <TextField label="Password" type="password" value={form.password} onChange={(password) => put({ password })} autoComplete="new-password" maxLength={256} />
        </div>
        <TextField label="Name" optional value={form.name} onChange={(name) => put({ name })} maxLength={128} hint="Left empty: what the camera calls itself." />
        <div className={styles.pair}>
          {form.kind === "axis" ? <Select label="Video" choices={codecs} value={form.codec} onChange={(codec) => put({ codec })} /> : null}
          <Select label="Transport" choices={transports} value={form.transport} onChange={(transport) => put({ transport })} />
        </div>
        <Switch label="Record" isSelected={form.record} onChange={(record) => put({ record })} />
        <Switch label="Sound" isSelected={form.audio} onChange={(audio) => put({ audio })} />
        {add.error ? <Problem of={add.error} /> : null}
        <div className={styles.actions}>
          <Button type="submit" look="primary" isPending={add.isPending}>Add</Button>
          <Button isPending={probe.isPending} onPress={look}>Look at it first</Button>
        </div>
      </Form>
      <div role="status" aria-live="polite">
        {probe.error ? <Problem of={probe.error} /> : null}
        {probe.data ? <ProbeResult probe={probe.data} /> : null}
      </div>
    </div>
  );
}
