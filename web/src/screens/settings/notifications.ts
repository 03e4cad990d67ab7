/** The form of the notification settings and the settings that it stands for. Pure. */
import type { Mail, Notifications } from "../../api/types";

type Security = NonNullable<Mail["security"]>;

export interface NotificationValues {
  mail: boolean;
  host: string;
  port: number;
  security: Security;
  user: string;
  /** Empty: stays as it is. */
  password: string;
  from: string;
  /** One address a line. */
  to: string;
  webhook: boolean;
  url: string;
  /** Empty: stays as it is. */
  secret: string;
}

export const securities = [
  { value: "starttls", label: "STARTTLS", hint: "Port 587. Refused if the server has none." },
  { value: "tls", label: "TLS", hint: "Port 465." },
  { value: "none", label: "None", hint: "Only for a mail server on this machine." },
] as const satisfies readonly { value: Security; label: string; hint: string }[];

export const usualPort = (security: Security): number => ({ starttls: 587, tls: 465, none: 25 })[security];

export const valuesOf = ({ mail, webhook }: Notifications): NotificationValues => ({
  mail: Boolean(mail),
  host: mail?.host ?? "",
  port: mail?.port ?? 587,
  security: mail?.security ?? "starttls",
  user: mail?.user ?? "",
  password: "",
  from: mail?.from ?? "",
  to: (mail?.to ?? []).join("\n"),
  webhook: Boolean(webhook),
  url: webhook?.url ?? "",
  secret: "",
});

const addresses = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);
const isAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+$/.test(text.trim());

export const notificationsOf = (values: NotificationValues): Notifications => ({
  mail: values.mail
    ? {
        host: values.host.trim(), port: values.port, security: values.security, user: values.user.trim() || null,
        ...(values.password ? { password: values.password } : {}), from: values.from.trim(), to: addresses(values.to),
      }
    : null,
  webhook: values.webhook ? { url: values.url.trim(), ...(values.secret ? { secret: values.secret } : {}) } : null,
});

/** What is wrong, by field. */
export function wrongWith(values: NotificationValues): Partial<Record<"host" | "port" | "from" | "to" | "url", string>> {
  const wrong: ReturnType<typeof wrongWith> = {};
  if (values.mail) {
    const to = addresses(values.to);
    const bad = to.find((address) => !isAddress(address));
    if (!values.host.trim()) wrong.host = "Type the mail server's name.";
    if (!(values.port >= 1)) wrong.port = "Type a port.";
    if (!isAddress(values.from)) wrong.from = "Type an address such as site@example.com.";
    if (bad) wrong.to = `${bad} is no address.`;
    else if (to.length === 0 || to.length > 20) wrong.to = "Type 1 to 20 addresses.";
  }
  if (values.webhook && !/^https?:\/\/[^/\s]+/i.test(values.url.trim())) wrong.url = "Type an address that begins with https:// or http://.";
  return wrong;
}
