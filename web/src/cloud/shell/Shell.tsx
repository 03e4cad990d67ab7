/** The house around every room: rail, organization, relay data, who is signed in; tabs on a phone. Lets nobody in who is not signed in. */
import { useQuery } from "@tanstack/react-query";
import { Building2, ChevronDown, CircleUser, MonitorDot, Plus, Users } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { NavLink, Navigate, Outlet, useLocation, useNavigate, useParams } from "react-router";
import { asFailure } from "../../api/problems";
import { Logo } from "../../shell/Logo";
import tabs from "../../shell/PhoneTabs.module.css";
import rail from "../../shell/Rail.module.css";
import frame from "../../shell/Shell.module.css";
import top from "../../shell/TopBar.module.css";
import { Button, Empty, Menu, MenuItem, Problem, Skeleton, cls } from "../../ui";
import { organizationsQuery, sessionQuery } from "../api/queries";
import type { Organization } from "../api/types";
import { rememberOrganization, useOrganization, useSession } from "../organizations";
import { paths } from "../paths";
import { RelayMeter } from "../RelayMeter";
import { MakeOrganization } from "./MakeOrganization";
import styles from "./Shell.module.css";
import { UserMenu } from "./UserMenu";

export function Shell() {
  const session = useQuery(sessionQuery);
  const { pathname, search } = useLocation();
  const wasIn = useRef(false);
  useEffect(() => {
    if (session.data) wasIn.current = true;
  }, [session.data]);
  if (session.isPending) return <div className={frame.waiting}><Logo size={40} /><span className="sr-only" role="status">Martello loads</span></div>;
  if (session.data === undefined) {
    return (
      <main className={frame.waiting}>
        <Empty icon={<Logo size={40} />} title="The cloud does not answer">Nothing can be shown until it does.</Empty>
        <Problem of={asFailure(session.error)} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  if (session.data === null) return <Navigate to={paths.signIn(`${pathname}${search}`)} state={{ ended: wasIn.current }} replace />;
  return <House />;
}

const roomsOf = ({ id }: Organization) => [
  { name: "Sites", to: paths.sites(id), icon: MonitorDot },
  { name: "People", to: paths.people(id), icon: Users },
  { name: "Organization", short: "Org", to: paths.organization(id), icon: Building2 },
];

function House() {
  const organization = useOrganization();
  const { organization: named } = useParams();
  useEffect(() => {
    if (organization && named) rememberOrganization(organization.id);
    document.title = organization ? `${organization.name} · Martello` : "Martello cloud";
  }, [organization, named]);
  const rooms = organization ? roomsOf(organization) : [];
  return (
    <div className={frame.app}>
      <a href="#room" className={frame.skip} onClick={(event) => { event.preventDefault(); document.getElementById("room")?.focus(); }}>Skip to the content</a>
      <nav className={rail.rail} aria-label="Rooms">
        <NavLink to={paths.home()} className={rail.logo ?? ""} aria-label="Martello: go to the sites"><Logo /></NavLink>
        {rooms.map(({ name, short, to, icon: Icon }) => (
          <NavLink key={to} to={to} className={rail.room ?? ""}><span className={rail.icon}><Icon aria-hidden="true" /></span>{short ?? name}</NavLink>
        ))}
      </nav>
      <TopBar organization={organization} />
      <main id="room" className={frame.room} tabIndex={-1}><Outlet /></main>
      {rooms.length ? (
        <nav className={tabs.tabs} aria-label="Rooms">
          {rooms.map(({ name, to, icon: Icon }) => (
            <NavLink key={to} to={to} className={tabs.tab ?? ""}><span className={tabs.icon}><Icon aria-hidden="true" /></span>{name}</NavLink>
          ))}
        </nav>
      ) : null}
    </div>
  );
}

function TopBar({ organization }: { organization: Organization | undefined }) {
  const session = useSession();
  const organizations = useQuery(organizationsQuery);
  const navigate = useNavigate();
  const [making, setMaking] = useState(false);
  return (
    <header className={top.top}>
      <span className={top.logo}><Logo size={24} /></span>
      {organizations.data ? (
        <Menu label="Organizations" button={<Button look="quiet" className={cls(top.site, styles.organization)}><span>{organization?.name ?? "No organization"}</span><ChevronDown aria-hidden="true" /></Button>}>
          {organizations.data.map(({ id, name }) => <MenuItem key={id} icon={<Building2 />} onAction={() => void navigate(paths.sites(id))}>{name}</MenuItem>)}
          <MenuItem icon={<Plus />} onAction={() => setMaking(true)}>Make an organization</MenuItem>
        </Menu>
      ) : <span className={top.site}><Skeleton width={120} /></span>}
      <div className={styles.right}>
        <span className={styles.relay}><RelayMeter /></span>
        <UserMenu button={<Button look="quiet" icon={<CircleUser />} aria-label={`You: ${session?.name ?? ""}`}><span className={styles.name}>{session?.name ?? ""}</span></Button>} />
      </div>
      {making ? <MakeOrganization onClose={() => setMaking(false)} /> : null}
    </header>
  );
}
