/** Tokens for scripts and other programs. A token's value is shown once, when it is made. */
import { useQuery } from "@tanstack/react-query";
import { Copy, KeyRound, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { endToken, makeToken, useChange } from "../../api/changes";
import { keys, tokensQuery } from "../../api/queries";
import type { Token } from "../../api/types";
import { day, duration } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Confirm, Dialog, DialogActions, Empty, Note, NumberField, Problem, TextField, toast } from "../../ui";
import { Answer, Section } from "./Section";
import styles from "./TokensRoom.module.css";

export function TokensRoom() {
  const tokens = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const make = <Button look="primary" icon={<Plus />} onPress={() => setMaking(true)}>Make a token</Button>;
  return (
    <Section title="Tokens" about="With a token a script or another program speaks to the API as you. End it when it is not needed." action={tokens.data?.length ? make : null}>
      <Answer to={tokens} what="Tokens">
        {(data) =>
          data.length === 0 ? (
            <Empty icon={<KeyRound />} title="No tokens yet" action={make}>The command line and other programs sign in with one.</Empty>
          ) : (
            <ul className={styles.list} aria-label="Tokens">{data.map((token) => <TokenRow key={token.id} token={token} />)}</ul>
          )
        }
      </Answer>
      {making ? <MakeToken onClose={() => setMaking(false)} /> : null}
    </Section>
  );
}

/** Says so when less is left. */
const SOON_MS = 7 * 86_400_000;

function TokenRow({ token }: { token: Token }) {
  const zone = useZone();
  const now = useSiteNow();
  const [asking, setAsking] = useState(false);
  const end = useChange(endToken, [keys.tokens]);
  const left = Date.parse(token.expires) - now;
  return (
    <li className={styles.row}>
      <div>
        <strong>{token.name}</strong>
        <p>Made {day(token.created, zone, now)}, {left > 0 ? <span className={left < SOON_MS ? styles.soon : undefined}>ends in {duration(left)}</span> : "has ended"}</p>
      </div>
      <Button onPress={() => setAsking(true)} aria-label={`End the token ${token.name}`}>End</Button>
      <Confirm title={`End the token “${token.name}”?`} action="End the token" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => end.mutateAsync(token.id)}>
        <p>Whatever uses it is refused from now on. This cannot be taken back.</p>
      </Confirm>
    </li>
  );
}

function MakeToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const making = useChange(makeToken, [keys.tokens]);
  const value = making.data?.value;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate({ name: name.trim(), days });
  };
  if (value) {
    return (
      <Dialog title={`The token “${name.trim()}”`} isOpen onClose={onClose}>
        <Note tone="warn" title="Copy it now">It is not shown again.</Note>
        <code className={styles.value}>{value}</code>
        <DialogActions>
          <Button icon={<Copy />} onPress={() => void navigator.clipboard.writeText(value).then(() => toast("The token was copied."), () => toast("The browser did not copy it. Select it by hand."))}>Copy</Button>
          <Button look="primary" onPress={onClose}>Done</Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title="Make a token" isOpen onClose={onClose}>
      <Form className={styles.form ?? ""} onSubmit={submit}>
        <TextField label="What it is for" placeholder="Home Assistant" value={name} onChange={setName} maxLength={128} autoFocus />
        <NumberField label="Ends after" unit="days" value={days} onChange={setDays} minValue={1} maxValue={3650} />
        {making.error ? <Problem of={making.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={making.isPending} isDisabled={!name.trim() || !(days >= 1)}>Make it</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
