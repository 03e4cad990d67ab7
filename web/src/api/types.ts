/** Short names for the types of the API document. Nothing is defined here. */
import type { components } from "./generated/site";

type Schemas = components["schemas"];

export type Alarm = Schemas["Alarm"];
export type Camera = Schemas["Camera"];
export type CameraChange = Schemas["CameraChange"];
export type CameraState = Schemas["CameraState"];
export type Codec = Schemas["Codec"];
export type Discovery = Schemas["Discovery"];
export type Found = Schemas["Found"];
export type Mail = Schemas["Mail"];
export type NewCamera = Schemas["NewCamera"];
export type NewProfile = Schemas["NewProfile"];
export type Notifications = Schemas["Notifications"];
export type Probe = Schemas["Probe"];
export type Profile = Schemas["Profile"];
export type ProfileChange = Schemas["ProfileChange"];
export type ProfileUse = Schemas["ProfileUse"];
export type ProfileVideo = Schemas["ProfileVideo"];
export type Problem = Schemas["Problem"];
export type ProblemCode = Schemas["Code"];
export type Session = Schemas["Session"];
export type SetupState = Schemas["SetupState"];
export type SetUp = Schemas["SetUp"];
export type SignIn = Schemas["SignIn"];
export type Site = Schemas["Site"];
export type SiteChange = Schemas["SiteChange"];
export type SiteEvent = Schemas["Event"];
export type Source = Schemas["Source"];
export type Stream = Schemas["Stream"];
export type Timeline = Schemas["Timeline"];
export type Token = Schemas["Token"];
export type TokenRequest = Schemas["TokenRequest"];
export type Transport = Schemas["Transport"];
export type Volume = Schemas["Volume"];
export type Webhook = Schemas["Webhook"];
