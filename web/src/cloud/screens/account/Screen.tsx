/** Your own sign-in: password, second factor, where you are signed in. */
import { useQuery } from "@tanstack/react-query";
import { useChange } from "../../../api/useChange";
import { SignInList } from "../../../people/SignInList";
import { Answer, Section } from "../../../screens/settings/Section";
import { Page } from "../../../ui/Page";
import { endOwnSignIn } from "../../api/changes";
import { keys, ownSignInsQuery } from "../../api/queries";
import styles from "../../forms.module.css";
import { useSession } from "../../organizations";
import { ownZone, useNow } from "../../time";
import { Password } from "./Password";
import { SecondFactor } from "./SecondFactor";

export function AccountScreen() {
  const session = useSession();
  const signIns = useQuery(ownSignInsQuery);
  const end = useChange(endOwnSignIn, [keys.signIns]);
  const clock = { zone: ownZone(), now: useNow() };
  if (!session) return null;
  return (
    <Page title="Your account" actions={<span className={styles.soft}>{session.email}{session.runs_cloud ? ", runs this cloud" : ""}</span>}>
      <div className={styles.column}>
        <Password />
        <SecondFactor isOn={session.second_factor} />
        <Section title="Sign-ins" about="Browsers and programs that are signed in as you. End one that you do not know, then change the password.">
          <Answer to={signIns} what="Sign-ins">{(items) => <SignInList {...clock} items={items} onEnd={(id) => end.mutateAsync(id)} />}</Answer>
        </Section>
      </div>
    </Page>
  );
}
