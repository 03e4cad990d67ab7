/** Your own sign-in: password, second factor, where you are signed in, tokens. What others may do is under Settings, Users. */
import { useSession } from "../../session/useSession";
import { roleNames } from "../../people/words";
import { Note } from "../../ui";
import { Page } from "../../ui/Page";
import { Password } from "./Password";
import { SecondFactor } from "./SecondFactor";
import { SignIns } from "./SignIns";
import { Tokens } from "./Tokens";
import styles from "./account.module.css";

export default function AccountScreen() {
  const session = useSession();
  if (!session) return null;
  return (
    <Page title="Your account" actions={<span className={styles.who}>{session.user}, {roleNames[session.role].toLowerCase()}</span>}>
      <div className={styles.column}>
        {session.machine ? (
          <Note title="You sign in at the server's own machine">Its password and a second factor are set there, not here.</Note>
        ) : (
          <>
            <Password />
            <SecondFactor isOn={session.second_factor} />
          </>
        )}
        <SignIns />
        <Tokens />
      </div>
    </Page>
  );
}
