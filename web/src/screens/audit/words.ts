/** What the audit log says, in words: kinds, outcomes, and operations of the API by what somebody did. Pure. */

export const kindNames: Readonly<Record<string, string>> = {
  "sign-in": "Sign-ins", "account": "Own account", "view": "Watching", "export": "Exports", "rights": "Users and rights", "device": "Cameras", "configuration": "Settings",
};

export const outcomeNames: Readonly<Record<string, string>> = { done: "Done", refused: "Refused", failed: "Failed" };

const deeds: Readonly<Record<string, string>> = {
  "session_create": "Signed in", "session_openid_create": "Signed in by a provider", "openid_refresh": "Ended a sign-in as the provider says", "session_delete": "Signed out", "setup_create": "Set the site up",
  "live": "Watched live", "recording": "Watched recordings", "snapshot": "Took a picture", "clip_get": "Saved a clip", "audit_export": "Took the audit log out",
  "provider_create": "Added a provider", "provider_update": "Changed a provider", "provider_delete": "Removed a provider", "provider_test": "Tried a provider", "provider_user_add": "Let in a user of a provider", "provider_group_add": "Let in a group of a provider",
  "directory_refresh": "Changed in a directory", "directory_order_set": "Changed the order of directories", "directory_user_add": "Let in a user of a directory", "directory_group_add": "Let in a group of a directory",
  "certificate_install": "Installed a TLS certificate", "certificate_remove": "Went back to the site's own TLS certificate", "certificate_renew": "Made the TLS certificate anew",
  "account_password_update": "Changed the own password", "account_second_factor_begin": "Began a second factor", "account_second_factor_confirm": "Switched the second factor on", "account_second_factor_end": "Switched the second factor off",
  "account_session_delete": "Ended an own sign-in", "user_password_set": "Set a user's password", "user_second_factor_delete": "Ended a user's second factor", "user_session_delete": "Ended a user's sign-in",
};

const verbs: Readonly<Record<string, string>> = { create: "Added", update: "Changed", delete: "Removed", set: "Set", start: "Started", stop: "Stopped", acknowledge: "Acknowledged", adopt: "Adopted", add: "Added", remove: "Removed" };

/** "Changed: camera" for `camera_update`; what is known better is said better. */
export function deedWords(action: string): string {
  const known = deeds[action];
  if (known) return known;
  const words = action.split("_");
  const verb = verbs[words.at(-1) ?? ""];
  return verb && words.length > 1 ? `${verb}: ${words.slice(0, -1).join(" ")}` : action.replaceAll("_", " ");
}
