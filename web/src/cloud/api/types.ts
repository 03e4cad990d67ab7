/** Short names for the types of the cloud's API document. Nothing is defined here. */
import type { components } from "../../api/generated/cloud";

type Schemas = components["schemas"];

export type AuditEntry = Schemas["CloudAuditEntry"];
export type GrantDecision = Schemas["GrantDecision"];
export type GrantFacts = Schemas["GrantFacts"];
export type Invitation = Schemas["Invitation"];
export type InvitationFacts = Schemas["InvitationFacts"];
export type Member = Schemas["Member"];
export type MemberChange = Schemas["MemberChange"];
export type Organization = Schemas["Organization"];
export type RelayLimitChange = Schemas["RelayLimitChange"];
export type RelayUse = Schemas["RelayUse"];
export type Role = Schemas["Role"];
export type Session = Schemas["CloudSession"];
export type SetUp = Schemas["CloudSetUp"];
export type SetupState = Schemas["CloudSetupState"];
export type SignIn = Schemas["CloudSignIn"];
export type Site = Schemas["CloudSite"];
export type SiteChange = Schemas["CloudSiteChange"];
export type SiteFolder = Schemas["SiteFolder"];
