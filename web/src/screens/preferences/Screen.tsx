/** What belongs to the person at this browser: how it looks, whose time is shown, which keys do what. Nothing is sent to the site. */
import { clock, day, zoneName } from "../../time/format";
import { useSiteNow, useZone } from "../../time/useNow";
import { setTheme, themes, useTheme } from "../../shell/theme";
import { RadioGroup } from "../../ui";
import { Page } from "../../ui/Page";
import { Section } from "../settings/Section";
import { Keys } from "./Keys";
import styles from "./Screen.module.css";

export default function PreferencesScreen() {
  const theme = useTheme();
  const zone = useZone();
  const now = useSiteNow();
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Page title="Preferences">
      <div className={styles.column}>
        <Section title="Look" about="Kept in this browser, for everybody who signs in here.">
          <RadioGroup label="Theme" choices={themes} value={theme} onChange={setTheme} />
        </Section>
        <Section title="Time" about="All times are those of the site, so that two people who look at one picture speak of one moment.">
          <dl className={styles.facts}>
            <div><dt>At the site ({zone.replaceAll("_", " ")})</dt><dd>{day(now, zone, now)}, {clock(now, zone)} {zoneName(now, zone)}</dd></div>
            {here === zone ? null : <div><dt>At this device ({here.replaceAll("_", " ")})</dt><dd>{day(now, here, now)}, {clock(now, here)} {zoneName(now, here)}</dd></div>}
          </dl>
        </Section>
        <Keys />
      </div>
    </Page>
  );
}
