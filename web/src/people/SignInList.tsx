/** Sign-ins of somebody: from where, with what, when; each can be ended. Used for oneself and for users. */
import { MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import type { SignInInfo } from "../api/types";
import { moment } from "../time/format";
import { Badge, Button, Confirm, Empty } from "../ui";
import styles from "./people.module.css";
import { agentName } from "./words";

interface Clock {
  /** IANA name of the zone that times are shown in. */
  zone: string;
  /** ms since 1970. */
  now: number;
}

interface Props extends Clock {
  items: readonly SignInInfo[];
  onEnd: (id: string) => Promise<unknown>;
}

export function SignInList({ items, onEnd, ...clock }: Props) {
  if (items.length === 0) return <Empty icon={<MonitorSmartphone />} title="Nobody is signed in">A sign-in that is not used ends after a week.</Empty>;
  return <ul className={styles.list} aria-label="Sign-ins">{items.map((one) => <SignInRow key={one.id} one={one} onEnd={onEnd} {...clock} />)}</ul>;
}

function SignInRow({ one, onEnd, zone, now }: Clock & { one: SignInInfo; onEnd: Props["onEnd"] }) {
  const [asking, setAsking] = useState(false);
  const what = `${agentName(one.agent)}, ${one.address}`;
  return (
    <li>
      <div>
        <strong>{agentName(one.agent)}</strong>
        <p>From {one.address}, since {moment(one.created, zone, now)}, last used {moment(one.last_used, zone, now)}</p>
      </div>
      {one.own ? <Badge>This one</Badge> : <Button onPress={() => setAsking(true)} aria-label={`End the sign-in ${what}`}>End</Button>}
      <Confirm title="End this sign-in?" action="End the sign-in" isOpen={asking} onClose={() => setAsking(false)} onConfirm={() => onEnd(one.id)}>
        <p>{what}. What it watches ends at once, and the password is asked for again.</p>
      </Confirm>
    </li>
  );
}
