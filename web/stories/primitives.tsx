/** The primitives of `ui/`, each with its looks and states: what a screen may be made of. Not tests: they say nothing. */
import { Bell, Cctv, CircleAlert, CircleCheck, Download, Plus, Trash2, X } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { Row, Column, Table, TableBody, TableHeader } from "react-aria-components";
import { Failure } from "../src/api/problems";
import {
  Badge, Button, Checkbox, Confirm, Empty, IconButton, LinkButton, Menu, MenuItem, Meter, Note, NumberField, Problem, Progress, RadioGroup, SearchField,
  Select, Skeleton, Status, Switch, TextField, toast, Toasts,
} from "../src/ui";
import { Chip, Chips } from "../src/ui/Page";
import { Cell, tableStyles } from "../src/ui/Table";

const nothing = () => undefined;
const transports = [{ value: "tcp", label: "TCP", hint: "Through every firewall" }, { value: "udp", label: "UDP", hint: "Less delay on a quiet network" }] as const;
type Transport = (typeof transports)[number]["value"];

function Fields() {
  const [transport, setTransport] = useState<Transport>("tcp");
  const [on, setOn] = useState(true);
  return (
    <>
      <TextField label="Name" defaultValue="Gate north" hint="Stands in every message." />
      <TextField label="Address" defaultValue="192.168.0" error="This is no address: 192.168.0." />
      <TextField label="Note" optional rows={2} />
      <TextField label="Serial number" defaultValue="B8A44F01A2C1" isDisabled />
      <NumberField label="Keep recordings" defaultValue={30} unit="days" minValue={1} />
      <SearchField label="Filter" placeholder="Name, model, address" value="gate" onChange={nothing} />
      <Select label="Transport" choices={transports} value={transport} onChange={setTransport} />
      <RadioGroup label="Transport" choices={transports} value={transport} onChange={setTransport} />
      <Switch label="Record" hint="Continuously, with sound." isSelected={on} onChange={setOn} />
      <Switch label="Off" isSelected={false} onChange={nothing} />
      <Checkbox defaultSelected>Gate north</Checkbox>
      <Checkbox isIndeterminate>All</Checkbox>
      <Checkbox isDisabled>Not here</Checkbox>
    </>
  );
}

function Rows() {
  return (
    <Table aria-label="Devices" selectionMode="multiple" defaultSelectedKeys={["1"]} className={tableStyles.table ?? ""}>
      <TableHeader><Column isRowHeader>Device</Column><Column>Stream</Column></TableHeader>
      <TableBody>
        <Row id="1"><Cell what="Gate north" about="192.168.0.91" /><Cell label="Stream" what="H.264, 1920 × 1080" about="25 fps, 3.1 Mbit/s" /></Row>
        <Row id="2"><Cell what="Yard" about="192.168.0.92" /><Cell label="Stream" what="H.265, 2592 × 1520" about="12 fps, 1.9 Mbit/s" /></Row>
      </TableBody>
    </Table>
  );
}

/** A question that must be answered first. */
export function QuestionStory() {
  return <Confirm title="Remove Gate north?" action="Remove Gate north" isOpen onClose={nothing} onConfirm={() => Promise.resolve()}>Its recordings stay until they are 30 days old.</Confirm>;
}

/** Words about what was done. */
export function ToastStory() {
  useEffect(() => {
    toast("Gate north was added.");
    toast("10 s of Yard saved.");
  }, []);
  return <Toasts />;
}

/** In the order in which they are shown. */
export const primitives: Readonly<Record<string, ReactNode>> = {
  "Buttons": (
    <>
      <Button look="primary" icon={<Plus />}>Add 3 devices</Button><Button>Cancel</Button><Button look="quiet">Hide</Button><Button look="danger" icon={<Trash2 />}>Remove Yard</Button>
      <Button isDisabled>Save</Button><Button look="primary" isPending>Saving</Button><IconButton label="Close"><X /></IconButton><LinkButton href="#download" icon={<Download />}>Download</LinkButton>
    </>
  ),
  "Badges and statuses": (
    <>
      <Badge>LAN</Badge><Badge tone="warn">No connection</Badge><Badge tone="danger">Alarm</Badge><Badge tone="idle">Connecting</Badge>
      <Status tone="ok" icon={<CircleCheck />}>Recording</Status><Status tone="warn" icon={<CircleAlert />}>No frames since 13:58:04</Status><Status tone="accent" icon={<Bell />}>New</Status>
    </>
  ),
  "Fields": <Fields />,
  "Choices of a list": <Chips label="Alarms"><Chip current onPress={nothing}>Open 2</Chip><Chip current={false} onPress={nothing}>All 14</Chip></Chips>,
  "Messages": (
    <>
      <Note>The site listens on this computer only.</Note>
      <Note tone="warn" title="The oldest 12.6 GB are deleted" action={<Button>Keep them</Button>}>The limit is smaller than what is there.</Note>
      <Problem of={new Failure("camera-refused-password", "The camera refuses the name or password.", "Type them as they are set at the camera.")} onRetry={nothing} />
    </>
  ),
  "An empty room": <Empty icon={<Cctv />} title="No devices yet" action={<Button look="primary">Add devices</Button>}>Martello finds cameras in this network by itself.</Empty>,
  "Progress and amounts": (
    <>
      <Progress label="Saving" value={0.4} />
      <Meter label="Recordings" text="412 GB of 600 GB" parts={[{ share: 0.55, tone: "rec" }, { share: 0.2, tone: "other" }]} />
      <Meter label="Recordings" text="590 GB of 600 GB" parts={[{ share: 0.9, tone: "rec" }, { share: 0.08, tone: "danger" }]} />
      <Skeleton width={220} height={20} />
    </>
  ),
  "A list": <Rows />,
  "Menus": <Menu label="You" button={<Button>Ines</Button>}><MenuItem end="?">Keys</MenuItem><MenuItem>Sign out</MenuItem></Menu>,
};
