/** What belongs to the person: theme, keys, signing out. */
import { useQueryClient } from "@tanstack/react-query";
import { Check, CircleUser, Keyboard, LogOut, Monitor, Moon, SlidersHorizontal, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { useNavigate } from "react-router";
import { signOut } from "../api/changes";
import { keys } from "../api/queries";
import { paths } from "../paths";
import { Menu, MenuItem, toast } from "../ui";
import { setTheme, useTheme } from "./theme";

/** Signs out and leads to the sign-in, which forgets everything that was asked. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    try {
      await signOut();
    } catch {
      toast("The site did not answer. You are still signed in.");
      return;
    }
    queries.setQueryData(keys.session, null);
    // Said last: the shell, which sees only that nobody is signed in, would say that the sign-in has ended.
    await navigate(paths.signIn(), { state: null });
  };
}

export function UserMenu({ button, onHelp }: { button: ReactNode; onHelp: () => void }) {
  const chosen = useTheme();
  const leave = useSignOut();
  const mark = (is: boolean) => (is ? <Check size={14} aria-label="chosen" /> : null);
  return (
    <Menu button={button} label="You">
      <MenuItem icon={<Moon />} end={mark(chosen === "dark")} onAction={() => setTheme("dark")}>Dark</MenuItem>
      <MenuItem icon={<Sun />} end={mark(chosen === "light")} onAction={() => setTheme("light")}>Light</MenuItem>
      <MenuItem icon={<Monitor />} end={mark(chosen === "system")} onAction={() => setTheme("system")}>As this device</MenuItem>
      <MenuItem icon={<CircleUser />} href={paths.account()}>Your account</MenuItem>
      <MenuItem icon={<SlidersHorizontal />} href={paths.preferences()}>Preferences</MenuItem>
      <MenuItem icon={<Keyboard />} end="?" onAction={onHelp}>Keys</MenuItem>
      <MenuItem icon={<LogOut />} onAction={() => void leave()}>Sign out</MenuItem>
    </Menu>
  );
}
