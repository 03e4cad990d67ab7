/** The part of the mock site that is about people: account, users, groups, folders, rights, audit log. */
import type { Directory, Group, User } from "../src/api/types";
import { cellState, grantsOf, gridRows, highestRole, reach, sourcesOf } from "../src/people/rights";
import { type Handlers, refuse } from "./contract";
import * as data from "./people-data";
import type { mockSite } from "./site";

type State = ReturnType<typeof mockSite>["state"];

/** Rows of a page of the audit log. */
const PAGE = 16;

export const peopleState = (empty: boolean) => ({
  users: empty ? data.users().filter(({ name }) => name === "Ines") : data.users(), groups: empty ? [] : data.groups(), folders: empty ? [] : data.folders(), directories: empty ? [] : data.directories(), signIns: data.signIns(), audit: empty ? [] : data.audit(), auditBrokenAt: null as number | null,
});

export function peopleHandlers(state: () => State): Handlers {
  let next = 2000;
  const id = () => (next++).toString(16).padStart(32, "0");
  const one = <T extends { id: string }>(list: T[], wanted: string | undefined): T => list.find((item) => item.id === wanted) ?? refuse(404, "not-found", "There is no such thing.");
  const taken = (list: { id: string; name: string }[], name: string | null | undefined, but?: string) => {
    if (list.some((item) => item.id !== but && item.name.toLowerCase() === name?.toLowerCase())) refuse(409, "conflict", "The name is taken.", "Choose another one.");
  };
  const keepOne = (users: User[]) => {
    if (!users.some(({ role, disabled }) => role === "administrator" && !disabled)) refuse(409, "conflict", "The last administrator stays.", "Make somebody else administrator first.");
    state().users = users;
  };
  const join = (group: Group) => {
    for (const user of state().users) user.groups = [...user.groups.filter((other) => other !== group.id), ...(group.members.includes(user.id) ? [group.id] : [])];
    return group;
  };
  return {
    "/v1/account/password": { put: ({ body }) => (body.old === "lighthouse" ? undefined : refuse(400, "bad-request", "The password until now is wrong.", "Nothing was changed.")) },
    "/v1/account/second-factor": {
      post: () => ({ key: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", address: "otpauth://totp/Harbour:Ines?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", qr_svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 3"><path d="M0 0h1v1H0zM2 0h1v1H2zM1 1h1v1H1zM0 2h1v1H0z"/></svg>' }),
      put: ({ body }) => {
        if (body.code !== "280117") refuse(400, "bad-request", "This is not the code that the app shows now.", "Check the clock of the phone.");
        const { session } = state();
        if (session) session.second_factor = true;
        return { codes: ["7k2m-q9xp", "h4ts-8wzd", "c3nf-5vbr", "p6jy-2gte"] };
      },
    },
    "/v1/account/second-factor/end": {
      post: ({ body }) => {
        if (body.code !== "280117") refuse(400, "bad-request", "The code is wrong or was used already.");
        const { session } = state();
        if (session) session.second_factor = false;
        return undefined;
      },
    },
    "/v1/account/sessions": { get: () => ({ items: state().signIns }) },
    "/v1/account/sessions/{session}": { delete: ({ path }) => void (state().signIns = state().signIns.filter((item) => item.id !== path[0])) },
    "/v1/privileges": { get: () => ({ items: data.privileges() }) },
    "/v1/directories": {
      get: () => ({ items: state().directories }),
      post: ({ body }) => {
        taken(state().directories, body.name);
        const { password: _, ...settings } = body;
        const added: Directory = { ...settings, id: id(), state: { checked: null, since: null, problem: null, advice: null, users_until: null }, users: 0, groups: 0 };
        state().directories.push(added);
        return added;
      },
    },
    "/v1/directories/order": { put: ({ body }) => ({ items: (state().directories = body.directories.map((wanted) => one(state().directories, wanted))) }) },
    "/v1/directories/test": {
      post: ({ body }) => {
        if (body.servers.some(({ host }) => host.startsWith("10."))) refuse(422, "directory-failed", "10.0.0.1:636 does not answer", "Check name, port and protection of the server, and that no firewall is in the way. LDAPS is port 636, StartTLS 389.");
        return { certificate_sha256: data.directorySha256, people: 1000, groups: 38 };
      },
    },
    "/v1/directories/{directory}": {
      put: ({ path, body }) => {
        const { password: _, ...settings } = body;
        return Object.assign(one(state().directories, path[0]), settings);
      },
      delete: ({ path }) => void (state().directories = state().directories.filter((directory) => directory.id !== path[0])),
    },
    "/v1/directories/{directory}/search": {
      get: ({ query }) => {
        const filter = (query.get("filter") ?? "").toLowerCase();
        const items = data.picked().filter((picked) => (query.get("kind") === "groups") === picked.group && `${picked.name} ${picked.details}`.toLowerCase().includes(filter));
        return { items, total: items.length, more: false };
      },
    },
    "/v1/directories/{directory}/users": {
      post: ({ path, body }) => {
        const found = data.picked().find(({ key }) => key === body.key) ?? refuse(404, "not-found", "The directory has no such person or group (any more)");
        const added = data.directoryUser(id(), one(state().directories, path[0]).id, found, body.role);
        state().users.push(added);
        return added;
      },
    },
    "/v1/directories/{directory}/groups": {
      post: ({ path, body }) => {
        const found = data.picked().find(({ key }) => key === body.key) ?? refuse(404, "not-found", "The directory has no such person or group (any more)");
        const added: Group = { id: id(), name: `${found.name}@${found.domain}`, role: body.role, created: new Date().toISOString(), recordings_minutes: null, members: [], grants: [], directory: one(state().directories, path[0]).id };
        state().groups.push(added);
        return added;
      },
    },
    "/v1/users": {
      get: () => ({ items: state().users }),
      post: ({ body }) => {
        taken(state().users, body.name);
        const { password: _, ...told } = body;
        const added: User = { created: new Date().toISOString(), machine: false, disabled: false, second_factor: false, last_sign_in: null, recordings_minutes: null, groups: [], grants: [], ...told, id: id() };
        state().users.push(added);
        return added;
      },
    },
    "/v1/users/{user}": {
      get: ({ path }) => one(state().users, path[0]),
      patch: ({ path, body }) => {
        taken(state().users, body.name, path[0]);
        keepOne(state().users.map((user) => (user.id === path[0] ? { ...user, ...(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as Partial<User>) } : user)));
        return one(state().users, path[0]);
      },
      delete: ({ path }) => keepOne(state().users.filter((user) => user.id !== path[0])) as undefined,
    },
    "/v1/users/{user}/password": { put: () => undefined },
    "/v1/users/{user}/second-factor": { delete: ({ path }) => void (one(state().users, path[0]).second_factor = false) },
    "/v1/users/{user}/sessions": { get: ({ path }) => ({ items: one(state().users, path[0]).last_sign_in ? state().signIns : [] }) },
    "/v1/users/{user}/sessions/{session}": { delete: ({ path }) => void (state().signIns = state().signIns.filter((item) => item.id !== path[1])) },
    "/v1/users/{user}/rights": {
      get: ({ path }) => {
        const { role, recordings_minutes, grants, groups } = one(state().users, path[0]);
        const draft = { role, minutes: recordings_minutes ?? null, grants: grantsOf(grants), linked: new Set(groups) };
        const sources = sourcesOf(draft, state().groups);
        const infos = data.privileges().filter(({ granted }) => granted);
        const verdicts = (row: Parameters<typeof cellState>[3], scopes: string[]) =>
          infos.filter(({ scope }) => scopes.includes(scope)).map((info) => {
            const { held, reasons } = cellState(draft, sources, info, row, infos);
            const why = reasons.map(({ group, by }) => `“${by}” granted to ${group ? `the group ${group}` : "the user"}`);
            return { privilege: info.privilege, allowed: held, why: why.length ? why : ["Nothing grants it"] };
          });
        const rows = gridRows(state().cameras, state().folders);
        return {
          role: highestRole(sources),
          site: verdicts({ target: "all", covers: ["all"] }, ["camera", "view", "port", "system"]),
          cameras: state().cameras.map(({ id: camera, name }) => {
            const row = rows.find(({ target }) => target === `camera:${camera}`) ?? { target: "all" as const, covers: ["all" as const] };
            return { camera, name, verdicts: verdicts(row, ["camera"]), recordings_minutes: reach(sources, row) ?? null, priority: null };
          }),
        };
      },
    },
    "/v1/groups": {
      get: () => ({ items: state().groups }),
      post: ({ body }) => {
        taken(state().groups, body.name);
        const added: Group = { recordings_minutes: null, members: [], grants: [], ...body, id: id(), created: new Date().toISOString() };
        state().groups.push(added);
        return join(added);
      },
    },
    "/v1/groups/{group}": {
      get: ({ path }) => one(state().groups, path[0]),
      put: ({ path, body }) => {
        taken(state().groups, body.name, path[0]);
        return join(Object.assign(one(state().groups, path[0]), { members: [], grants: [], recordings_minutes: null, ...body }));
      },
      delete: ({ path }) => void (state().groups = state().groups.filter((group) => group.id !== path[0])),
    },
    "/v1/folders": {
      get: () => ({ items: state().folders }),
      post: ({ body }) => {
        taken(state().folders, body.name);
        const added = { cameras: [], ...body, id: id() };
        state().folders.push(added);
        return added;
      },
    },
    "/v1/folders/{folder}": {
      put: ({ path, body }) => (taken(state().folders, body.name, path[0]), Object.assign(one(state().folders, path[0]), { cameras: [], ...body })),
      delete: ({ path }) => void (state().folders = state().folders.filter((folder) => folder.id !== path[0])),
    },
    "/v1/audit": {
      get: ({ query }) => {
        const has = (text: string, wish: string) => text.toLowerCase().includes((query.get(wish) ?? "").toLowerCase());
        const is = (text: string, wish: string) => [null, text].includes(query.get(wish));
        const before = Number(query.get("before")) || Number.POSITIVE_INFINITY;
        const found = state().audit.filter((row) => row.number < before && has(row.name, "name") && has(row.action, "action") && has(row.target, "target") && is(row.kind, "kind") && is(row.outcome, "outcome"));
        return { items: found.slice(0, PAGE), next: found.length > PAGE ? (found[PAGE - 1]?.number ?? null) : null };
      },
    },
    "/v1/audit/chain": { get: () => (state().auditBrokenAt === null ? { whole: true, rows: state().audit.length, broken_at: null } : { whole: false, rows: null, broken_at: state().auditBrokenAt }) },
  };
}
