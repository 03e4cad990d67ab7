/** Signing in by a provider instead: one button for each. The browser goes there and comes back to `Returned`. */
import { beginOpenId, useChange } from "../../api/changes";
import type { SetupState } from "../../api/types";
import { Button, Problem } from "../../ui";
import styles from "./ProviderButtons.module.css";
import { rememberNext } from "./providers";

export function ProviderButtons({ of, next }: { of: SetupState["providers"]; next: string }) {
  const begin = useChange(beginOpenId);
  if (!of?.length) return null;
  return (
    <div className={styles.providers} role="group" aria-label="Other ways to sign in">
      {begin.error ? <Problem of={begin.error} /> : null}
      {of.map(({ id, name }) => (
        <Button
          key={id}
          isPending={begin.isPending && begin.variables === id}
          onPress={() =>
            begin.mutate(id, {
              onSuccess: ({ address }) => {
                rememberNext(next);
                location.assign(address);
              },
            })
          }
        >
          Sign in with {name}
        </Button>
      ))}
    </div>
  );
}
