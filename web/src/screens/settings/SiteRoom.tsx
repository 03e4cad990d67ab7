/** The site's name and time zone, and its backup. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { changeSite, useChange } from "../../api/changes";
import { keys, siteQuery } from "../../api/queries";
import type { Site, SiteChange } from "../../api/types";
import { clock, day, zoneName } from "../../time/format";
import { useSiteNow } from "../../time/useNow";
import { Button, Problem, TextField, toast } from "../../ui";
import { BackupSection } from "./BackupSection";
import { ZonePicker } from "./ZonePicker";
import { Actions, Answer, Section } from "./Section";

export function SiteRoom() {
  const site = useQuery(siteQuery);
  return (
    <>
      <Section title="Site" about="The name stands at the top of every screen and in every message. All times are shown in the site's time zone.">
        <Answer to={site} what="The site's settings">{(data) => <SiteForm key={`${data.name} ${data.time_zone}`} site={data} />}</Answer>
      </Section>
      <BackupSection />
    </>
  );
}

function SiteForm({ site }: { site: Site }) {
  const [name, setName] = useState(site.name);
  const [zone, setZone] = useState(site.time_zone);
  const now = useSiteNow();
  const saving = useChange(changeSite, [keys.site, keys.recordings]);
  const change: SiteChange = {
    ...(name.trim() === site.name ? {} : { name: name.trim() }),
    ...(zone === site.time_zone ? {} : { time_zone: zone }),
  };
  const changed = Object.keys(change).length > 0;
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (changed && name.trim()) saving.mutate(change, { onSuccess: () => toast("The site was saved.") });
  };
  return (
    <Form onSubmit={save} validationBehavior="aria">
      <TextField label="Name" value={name} onChange={setName} maxLength={128} error={name.trim() ? undefined : "Give the site a name."} />
      <ZonePicker value={zone} onChange={setZone} hint={`There it is ${clock(now, zone)} ${zoneName(now, zone)} on ${day(now, zone, now)}.`} />
      {saving.error ? <Problem of={saving.error} /> : null}
      <Actions>
        <Button type="submit" look="primary" isPending={saving.isPending} isDisabled={!changed || !name.trim()}>Save</Button>
      </Actions>
    </Form>
  );
}
