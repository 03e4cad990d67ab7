/** Where a provider sends the browser back to: hands its answer to the site, and goes on to where one wanted to go. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { finishOpenId, useChange } from "../../api/changes";
import { keys, setupQuery } from "../../api/queries";
import { paths } from "../../paths";
import { Door } from "../../shell/Door";
import { LinkButton, Loading, Problem } from "../../ui";
import { takeNext } from "./providers";

export default function Returned() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [query] = useSearchParams();
  const setup = useQuery(setupQuery);
  const finish = useChange(finishOpenId);
  /** An answer counts once, however often this is drawn. */
  const sent = useRef(false);
  useEffect(() => {
    if (sent.current) return;
    sent.current = true;
    const given = (name: string) => query.get(name) ?? undefined;
    const answer = Object.fromEntries(["code", "iss", "error", "error_description"].flatMap((name) => (given(name) === undefined ? [] : [[name, given(name)]])));
    // Neither reload nor history has the code any more.
    history.replaceState(history.state, "", location.pathname);
    finish.mutate({ state: given("state") ?? "", ...answer }, {
      onSuccess: (session) => {
        queries.removeQueries({ type: "inactive" });
        queries.setQueryData(keys.session, session);
        void navigate(takeNext(), { replace: true });
      },
    });
  }, [finish, navigate, queries, query]);
  return (
    <Door title={setup.data?.site_name ?? "Martello"} under="Sign in to this site">
      {finish.error ? (
        <>
          <Problem of={finish.error} />
          <LinkButton href={paths.signIn()}>Back to the sign-in</LinkButton>
        </>
      ) : (
        <Loading what="Your sign-in"><p aria-hidden="true">One moment…</p></Loading>
      )}
    </Door>
  );
}
