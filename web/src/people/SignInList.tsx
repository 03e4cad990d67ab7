/** Sign-ins of somebody: from where, with what, when; each can be ended. Used for oneself and for users. */
import { MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import type { SignInInfo } from "../api/types";
import { moment } from "../time/format";
import { useSiteNow, useZone } from "../time/useNow";
import { Badge, Button, Confirm, Empty } from "../ui";
import styles from "./people.module.css";
import { agentName } from "./words";

export function SignInList({ items, onEnd }: { items: readonly SignInInfo[]; onEnd: (id: string) => Promise<unknown> }) {
  if (items.length === 0) return <Empty icon={<MonitorSmartphone />} title="Nobody is signed in">A sign-in that is not used ends after a week.</Empty>;
  return <ul className={styles.list} aria-label="Sign-ins">{items.map((one) => <SignInRow key={one.id} one={one} onEnd={onEnd} />)}</ul>;
}

function SignInRow({ one, onEnd }: { one: SignInInfo; onEnd: (id: string) => Promise<unknown> }) {
  const zone = useZone();
  const now = useSiteNow();
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
