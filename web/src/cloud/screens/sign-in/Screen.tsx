/** Sign in at the cloud, with a code of an authenticator app where the account has one. Leads back to where one wanted to go. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Navigate, useLocation, useNavigate, useSearchParams } from "react-router";
import { safeNext } from "../../../paths";
import { Door } from "../../../shell/Door";
import { Note } from "../../../ui";
import { keys, sessionQuery, setupQuery } from "../../api/queries";
import styles from "../../forms.module.css";
import { SignInForm } from "./SignInForm";

export function SignInScreen() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const next = safeNext(query.get("next"));
  const ended = (useLocation().state as { ended?: boolean } | null)?.ended === true;
  const session = useQuery(sessionQuery);
  const setup = useQuery(setupQuery);
  // What was asked for whoever was here before is nobody's now. After the questions above: they are asked for this screen.
  useEffect(() => queries.removeQueries({ type: "inactive" }), [queries]);
  if (session.data) return <Navigate to={next} replace />;
  return (
    <Door title="Martello cloud" under={`Sign in at ${globalThis.location.host}`} foot={<p className={styles.soft}>Nobody signs up here: you are invited. This sign-in lists your sites; at each site its own users sign in.</p>}>
      {setup.data?.needed ? (
        <Note title="This cloud has no account yet">
          When it started, it printed a link that ends in <code>/setup?code=…</code>. Open it in this browser. The link works for an hour; the next start of the cloud prints another.
        </Note>
      ) : (
        <>
          {ended ? <Note tone="warn" title="Your sign-in has ended">It was not used for a week, or it was ended: by you in another browser, or with your old password.</Note> : null}
          <SignInForm
            onSignedIn={(signedIn) => {
              queries.setQueryData(keys.session, signedIn);
              void navigate(next, { replace: true });
            }}
          />
        </>
      )}
    </Door>
  );
}
