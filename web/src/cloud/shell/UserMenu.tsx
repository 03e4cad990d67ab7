/** What belongs to the person: theme, account, signing out. */
import { Check, CircleUser, LogOut, Monitor, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { setTheme, useTheme } from "../../shell/theme";
import { Menu, MenuItem, toast } from "../../ui";
import { signOut } from "../api/changes";
import { paths } from "../paths";

export function UserMenu({ button }: { button: ReactNode }) {
  const chosen = useTheme();
  const mark = (is: boolean) => (is ? <Check size={14} aria-label="chosen" /> : null);
  const leave = async () => {
    try {
      await signOut();
    } catch {
      toast("The cloud did not answer. You are still signed in.");
      return;
    }
    // A page that begins anew has forgotten everything that was asked.
    globalThis.location.assign(paths.signIn());
  };
  return (
    <Menu button={button} label="You">
      <MenuItem icon={<CircleUser />} href={paths.account()}>Your account</MenuItem>
      <MenuItem icon={<Moon />} end={mark(chosen === "dark")} onAction={() => setTheme("dark")}>Dark</MenuItem>
      <MenuItem icon={<Sun />} end={mark(chosen === "light")} onAction={() => setTheme("light")}>Light</MenuItem>
      <MenuItem icon={<Monitor />} end={mark(chosen === "system")} onAction={() => setTheme("system")}>As this device</MenuItem>
      <MenuItem icon={<LogOut />} onAction={() => void leave()}>Sign out</MenuItem>
    </Menu>
  );
}
