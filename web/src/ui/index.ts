/** The primitives that screens are made of. */
export { Badge, Status, type Tone } from "./Badge";
export { Button, type ButtonLook, IconButton, LinkButton } from "./Button";
export { cls } from "./cls";
export { Confirm, Dialog, DialogActions } from "./Dialog";
export { Checkbox, type Choice, NumberField, RadioGroup, SearchField, Select, Switch, TextField } from "./Field";
export { Menu, MenuItem } from "./Menu";
export { Empty, Loading, Note, Problem, Skeleton } from "./Message";
export { Meter, Progress } from "./Progress";
export { toast, Toasts } from "./Toast";
export { Tooltip } from "./Tooltip";
