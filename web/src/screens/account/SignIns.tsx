/** Where you are signed in, and ending what you do not know. */
import { useQuery } from "@tanstack/react-query";
import { endOwnSignIn, useChange } from "../../api/changes";
import { keys, ownSignInsQuery } from "../../api/queries";
import { SignInList } from "../../people/SignInList";
import { useSiteNow, useZone } from "../../time/useNow";
import { Answer, Section } from "../settings/Section";

export function SignIns() {
  const signIns = useQuery(ownSignInsQuery);
  const clock = { zone: useZone(), now: useSiteNow() };
  const end = useChange(endOwnSignIn, [keys.signIns]);
  return (
    <Section title="Sign-ins" about="Browsers that are signed in as you. End one that you do not know, then change the password.">
      <Answer to={signIns} what="Sign-ins">{(items) => <SignInList {...clock} items={items} onEnd={(id) => end.mutateAsync(id)} />}</Answer>
    </Section>
  );
}
