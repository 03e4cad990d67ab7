/** The form of a directory and the settings that it stands for; what its state means in words. Pure. */
import type { Directory, DirectorySettings } from "../../api/types";

export interface DirectoryValues {
  name: string;
  kind: DirectorySettings["kind"];
  /** HOST or HOST:PORT, one a line. */
  servers: string;
  security: Security;
  /** By what the server's certificate is known. */
  trust: "authority" | "certificate";
  /** PEM. */
  authority: string;
  sha256: string;
  base: string;
  account: string;
  /** Empty: stays as it is. */
  password: string;
  login: string;
  domain: string;
  offlineHours: number;
}

type Security = NonNullable<DirectorySettings["security"]>;

export const kindNames: Readonly<Record<DirectorySettings["kind"], string>> = { "active-directory": "Active Directory", "ldap": "LDAP" };

export const kinds = [
  { value: "active-directory", label: "Active Directory", hint: "Of Microsoft or Samba" },
  { value: "ldap", label: "LDAP", hint: "OpenLDAP, 389 Directory Server, FreeIPA, …" },
] as const satisfies readonly { value: DirectorySettings["kind"]; label: string; hint: string }[];

export const securities = [
  { value: "ldaps", label: "LDAPS", hint: "TLS from the start, port 636" },
  { value: "starttls", label: "StartTLS", hint: "Port 389; refused if the server has none" },
] as const satisfies readonly { value: Security; label: string; hint: string }[];

const usualPort: Readonly<Record<Security, number>> = { ldaps: 636, starttls: 389 };
const MOST_SERVERS = 4;
/** A week. */
const MOST_HOURS = 168;

export function valuesOf(directory: Directory | undefined): DirectoryValues {
  const security = directory?.security ?? "ldaps";
  return {
    name: directory?.name ?? "",
    kind: directory?.kind ?? "active-directory",
    servers: (directory?.servers ?? []).map(({ host, port }) => written(host, port, security)).join("\n"),
    security,
    trust: directory?.certificate_sha256 ? "certificate" : "authority",
    authority: directory?.authority ?? "",
    sha256: directory?.certificate_sha256 ?? "",
    base: directory?.base ?? "",
    account: directory?.account ?? "",
    password: "",
    login: directory?.login_attribute ?? "",
    domain: directory?.domain ?? "",
    offlineHours: (directory?.offline_minutes ?? 480) / 60,
  };
}

export function settingsOf(values: DirectoryValues): DirectorySettings {
  const { trust, security } = values;
  return {
    name: values.name.trim(),
    kind: values.kind,
    servers: linesOf(values.servers).flatMap((line) => serverOf(line, security) ?? []),
    security,
    ...(trust === "authority" ? { authority: values.authority } : { certificate_sha256: values.sha256.trim() }),
    base: values.base.trim(),
    account: values.account.trim(),
    ...(values.password ? { password: values.password } : {}),
    ...(values.login.trim() ? { login_attribute: values.login.trim() } : {}),
    ...(values.domain.trim() ? { domain: values.domain.trim() } : {}),
    offline_minutes: Math.round(values.offlineHours * 60),
  };
}

type Field = "name" | "servers" | "authority" | "sha256" | "base" | "account" | "password" | "offlineHours";

/** What is wrong, by field. @param kept the password that the site has counts for these settings. */
export function wrongWith(values: DirectoryValues, kept: boolean): Partial<Record<Field, string>> {
  const wrong: ReturnType<typeof wrongWith> = {};
  const lines = linesOf(values.servers);
  const bad = lines.find((line) => !serverOf(line, values.security));
  if (!values.name.trim()) wrong.name = "Give it a name.";
  if (bad) wrong.servers = `${bad} is no server: type its name, and a port if it is not ${usualPort[values.security]}.`;
  else if (lines.length === 0 || lines.length > MOST_SERVERS) wrong.servers = `Type 1 to ${MOST_SERVERS} servers.`;
  if (values.trust === "authority" && !values.authority.includes("-----BEGIN CERTIFICATE-----")) wrong.authority = "A PEM file is expected: it begins with -----BEGIN CERTIFICATE-----.";
  if (values.trust === "certificate" && values.sha256.replaceAll(/[:\s]/g, "").match(/^[0-9a-f]{64}$/i) === null) wrong.sha256 = "64 hex digits are expected, colons allowed.";
  if (!values.base.trim()) wrong.base = "Type the base, such as dc=example,dc=org.";
  if (!values.account.trim()) wrong.account = "Type the account that searches.";
  if (!values.password && !kept) wrong.password = "Type its password.";
  if (!(values.offlineHours >= 0 && values.offlineHours <= MOST_HOURS)) wrong.offlineHours = `0 to ${MOST_HOURS} hours.`;
  return wrong;
}

/** Whether the site uses the password that it has: only for the same account of the same servers, protected alike. */
export function passwordStays(values: DirectoryValues, directory: Directory | undefined): boolean {
  if (!directory) return false;
  const before = settingsOf(valuesOf(directory));
  const after = settingsOf(values);
  const named = ({ servers, security, account }: DirectorySettings) => JSON.stringify([servers.map(({ host, port }) => [host, port]), security, account]);
  return named(before) === named(after);
}

const linesOf = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

/** "HOST", "HOST:PORT", "[IPV6]:PORT". */
function serverOf(text: string, security: Security): { host: string; port: number } | undefined {
  const found = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/i.exec(text) ?? /^(?<v6>[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*)$/i.exec(text);
  const host = found?.groups?.["v6"] ?? found?.groups?.["name"];
  const port = Number(found?.groups?.["port"] ?? usualPort[security]);
  return host && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** As it is typed: the usual port is left out. */
function written(host: string, port: number, security: Security): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === usualPort[security] ? name : `${name}:${port}`;
}

/** "8 h", "90 min", "2 days": for how long users go on without their directory. */
export function offlineWords(minutes: number): string {
  if (minutes > 0 && minutes % 1440 === 0) return minutes === 1440 ? "1 day" : `${minutes / 1440} days`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** With a capital letter and a full stop. */
export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
