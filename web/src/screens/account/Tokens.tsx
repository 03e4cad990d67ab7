/** Tokens for scripts and other programs. A token's value is shown once, when it is made. */
import { useQuery } from "@tanstack/react-query";
import { Copy, KeyRound, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { endToken, makeToken, useChange } from "../../api/changes";
import { keys, privilegesQuery, tokensQuery } from "../../api/queries";
import type { Privilege, Token } from "../../api/types";
import { privilegeNames } from "../../people/words";
import { useSession } from "../../session/useSession";
import { day, duration } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { Button, Checkbox, Confirm, Dialog, DialogActions, Empty, Note, NumberField, Problem, RadioGroup, TextField, toast } from "../../ui";
import { Answer, Section } from "../settings/Section";
import styles from "./account.module.css";

export function Tokens() {
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
        <p>{token.scope ? `Only: ${token.scope.map((one) => privilegeNames[one]).join(", ")}` : "Everything that you may do"}</p>
        <p>Made {day(token.created, zone, now)}, {left > 0 ? <span className={left < SOON_MS ? styles.soon : undefined}>ends in {duration(left)}</span> : "has ended"}</p>
      </div>
      <Button onPress={() => setAsking(true)} aria-label={`End the token ${token.name}`}>End</Button>
      <Confirm title={`End the token “${token.name}”?`} action="End the token" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => end.mutateAsync(token.id)}>
        <p>Whatever uses it is refused from now on. This cannot be taken back.</p>
      </Confirm>
    </li>
  );
}

const scopes = [
  { value: "all", label: "Everything that I may do", hint: "Your password and your tokens too" },
  { value: "some", label: "Only some of it", hint: "On those cameras on which you may do it" },
] as const;

/** Which of the own privileges a token is for. */
function Scope({ chosen, onChange }: { chosen: ReadonlySet<Privilege>; onChange: (chosen: ReadonlySet<Privilege>) => void }) {
  const held = useSession()?.privileges ?? [];
  const privileges = useQuery(privilegesQuery).data ?? [];
  const offered = privileges.filter(({ privilege, in_use }) => in_use && held.includes(privilege) && !["none", "signed-in", "own-account"].includes(privilege));
  return (
    <div role="group" aria-label="Privileges of the token" className={styles.scope}>
      {offered.map(({ privilege, words }) => (
        <Checkbox key={privilege} isSelected={chosen.has(privilege)} onChange={(on) => onChange(new Set(on ? [...chosen, privilege] : [...chosen].filter((one) => one !== privilege)))}>
          <span>{privilegeNames[privilege]}<small>{words}</small></span>
        </Checkbox>
      ))}
    </div>
  );
}

function MakeToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [days, setDays] = useState(90);
  const [narrow, setNarrow] = useState<"all" | "some">("all");
  const [scope, setScope] = useState<ReadonlySet<Privilege>>(new Set());
  const making = useChange(makeToken, [keys.tokens]);
  const value = making.data?.value;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate({ name: name.trim(), days, ...(narrow === "some" ? { scope: [...scope] } : {}) });
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
        <RadioGroup label="What it may do" choices={scopes} value={narrow} onChange={setNarrow} />
        {narrow === "some" ? <Scope chosen={scope} onChange={setScope} /> : null}
        {making.error ? <Problem of={making.error} /> : null}
        <DialogActions>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isPending={making.isPending} isDisabled={!name.trim() || !(days >= 1) || (narrow === "some" && scope.size === 0)}>Make it</Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
