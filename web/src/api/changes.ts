/** Everything that changes the site, as plain functions; what becomes stale by it is in `useChange`. */
import { api, body } from "./client";
import type { CameraChange, CameraStorageChange, DirectoryGrant, DirectorySettings, DirectoryTry, FolderInput, GroupInput, NewCamera, NewCertificate, NewExport, NewLock, NewProfile, NewSchedule, NewUser, NewVolume, Notifications, OpenIdAnswer, PasswordChange, ProfileChange, ProviderSettings, ProviderTry, RecordingSettings, SetUp, SignIn, SiteChange, TokenRequest, UserChange, VolumeChange } from "./types";

export { useChange } from "./useChange";

const json = { "content-type": "application/json" };

export const signIn = (request: SignIn) => body(api.POST("/v1/session", { body: request, headers: json }));
/** Where the browser goes to sign in by a provider. */
export const beginOpenId = (provider: string) => body(api.POST("/v1/session/openid/begin", { body: { provider }, headers: json }));
/** What the browser came back with from there. */
export const finishOpenId = (answer: OpenIdAnswer) => body(api.POST("/v1/session/openid", { body: answer, headers: json }));
/** With the account of the computer, which the browser adds by itself where it may. */
export const signInByComputer = (code: string | undefined) => body(api.POST("/v1/session/negotiate", { body: code === undefined ? {} : { code }, headers: json }));
export const signOut = () => body(api.DELETE("/v1/session"));
export const setUp = (request: SetUp) => body(api.POST("/v1/setup", { body: request, headers: json }));

export const changeSite = (change: SiteChange) => body(api.PATCH("/v1/site", { body: change, headers: json }));

export const probeCamera = (camera: NewCamera) => body(api.POST("/v1/probe", { body: camera, headers: json }));
export const addCamera = (camera: NewCamera) => body(api.POST("/v1/cameras", { body: camera, headers: json }));
export const changeCamera = (camera: string, change: CameraChange) =>
  body(api.PATCH("/v1/cameras/{camera}", { params: { path: { camera } }, body: change, headers: json }));
export const removeCamera = (camera: string) => body(api.DELETE("/v1/cameras/{camera}", { params: { path: { camera } } }));
export const addProfile = (camera: string, profile: NewProfile) =>
  body(api.POST("/v1/cameras/{camera}/profiles", { params: { path: { camera } }, body: profile, headers: json }));
export const changeProfile = (camera: string, profile: string, change: ProfileChange) =>
  body(api.PATCH("/v1/cameras/{camera}/profiles/{profile}", { params: { path: { camera, profile } }, body: change, headers: json }));
export const removeProfile = (camera: string, profile: string) =>
  body(api.DELETE("/v1/cameras/{camera}/profiles/{profile}", { params: { path: { camera, profile } } }));
export const changeRecording = (camera: string, settings: RecordingSettings) =>
  body(api.PUT("/v1/cameras/{camera}/recording", { params: { path: { camera } }, body: settings, headers: json }));
export const startRecording = (camera: string) =>
  body(api.POST("/v1/cameras/{camera}/recording/manual", { params: { path: { camera } }, body: {}, headers: json }));
export const stopRecording = (camera: string) =>
  body(api.DELETE("/v1/cameras/{camera}/recording/manual", { params: { path: { camera } } }));
export const addSchedule = (schedule: NewSchedule) => body(api.POST("/v1/schedules", { body: schedule, headers: json }));
export const changeSchedule = (schedule: string, next: NewSchedule) =>
  body(api.PUT("/v1/schedules/{schedule}", { params: { path: { schedule } }, body: next, headers: json }));
export const removeSchedule = (schedule: string) => body(api.DELETE("/v1/schedules/{schedule}", { params: { path: { schedule } } }));
export const search = () => body(api.POST("/v1/discovery"));

export const acknowledge = (alarm: string) =>
  body(api.POST("/v1/alarms/{alarm}/acknowledge", { params: { path: { alarm } } }));

export const addVolume = (volume: NewVolume) => body(api.POST("/v1/volumes", { body: volume, headers: json }));
export const changeVolume = (volume: string, change: VolumeChange) =>
  body(api.PATCH("/v1/volumes/{volume}", { params: { path: { volume } }, body: change, headers: json }));
export const removeVolume = (volume: string) =>
  body(api.DELETE("/v1/volumes/{volume}", { params: { path: { volume }, query: { confirm: true } } }));
export const adoptVolume = (volume: string) =>
  body(api.POST("/v1/volumes/{volume}/adopt", { params: { path: { volume } }, body: { confirm: true }, headers: json }));
export const chooseStorage = (camera: string, change: CameraStorageChange) =>
  body(api.PATCH("/v1/storage/cameras/{camera}", { params: { path: { camera } }, body: change, headers: json }));

export const addLock = (lock: NewLock) => body(api.POST("/v1/locks", { body: lock, headers: json }));
export const removeLock = (lock: string) =>
  body(api.DELETE("/v1/locks/{lock}", { params: { path: { lock }, query: { confirm: true } } }));

export const makeExport = (wish: NewExport) => body(api.POST("/v1/exports", { body: wish, headers: json }));
/** Cancels one that is not over, deletes one that is. */
export const removeExport = (id: string) => body(api.DELETE("/v1/exports/{export}", { params: { path: { export: id } } }));

export const changeNotifications = (settings: Notifications) =>
  body(api.PUT("/v1/settings/notifications", { body: settings, headers: json }));
/** Sends a test with these settings; they are not kept. */
export const testNotifications = (settings: Notifications) =>
  body(api.POST("/v1/settings/notifications/test", { body: settings, headers: json }));

export const addProvider = (settings: ProviderSettings) => body(api.POST("/v1/providers", { body: settings, headers: json }));
export const changeProvider = (provider: string, settings: ProviderSettings) =>
  body(api.PUT("/v1/providers/{provider}", { params: { path: { provider } }, body: settings, headers: json }));
export const removeProvider = (provider: string) => body(api.DELETE("/v1/providers/{provider}", { params: { path: { provider } } }));
/** Asks the provider with these settings; they are not kept. */
export const testProvider = (settings: ProviderTry) => body(api.POST("/v1/providers/test", { body: settings, headers: json }));
export const addProviderGroup = (provider: string, group: DirectoryGrant) =>
  body(api.POST("/v1/providers/{provider}/groups", { params: { path: { provider } }, body: group, headers: json }));
export const addProviderUser = (provider: string, user: DirectoryGrant) =>
  body(api.POST("/v1/providers/{provider}/users", { params: { path: { provider } }, body: user, headers: json }));

export const changePassword = (change: PasswordChange) => body(api.PUT("/v1/account/password", { body: change, headers: json }));
export const beginSecondFactor = () => body(api.POST("/v1/account/second-factor"));
export const confirmSecondFactor = (given: { code: string }) => body(api.PUT("/v1/account/second-factor", { body: given, headers: json }));
export const endSecondFactor = (given: { code: string }) => body(api.POST("/v1/account/second-factor/end", { body: given, headers: json }));
export const endOwnSignIn = (session: string) => body(api.DELETE("/v1/account/sessions/{session}", { params: { path: { session } } }));

export const addUser = (user: NewUser) => body(api.POST("/v1/users", { body: user, headers: json }));
/** What is left out stays; the generated type would have it all, because the document gives every field a default. */
export const changeUser = (user: string, change: Partial<UserChange>) =>
  body(api.PATCH("/v1/users/{user}", { params: { path: { user } }, body: change as UserChange, headers: json }));
export const removeUser = (user: string) => body(api.DELETE("/v1/users/{user}", { params: { path: { user } } }));
export const setPassword = (user: string, password: string) =>
  body(api.PUT("/v1/users/{user}/password", { params: { path: { user } }, body: { password }, headers: json }));
export const endUserSecondFactor = (user: string) => body(api.DELETE("/v1/users/{user}/second-factor", { params: { path: { user } } }));
export const endUserSignIn = (user: string, session: string) =>
  body(api.DELETE("/v1/users/{user}/sessions/{session}", { params: { path: { user, session } } }));
export const addGroup = (group: GroupInput) => body(api.POST("/v1/groups", { body: group, headers: json }));
export const changeGroup = (group: string, next: GroupInput) =>
  body(api.PUT("/v1/groups/{group}", { params: { path: { group } }, body: next, headers: json }));
export const removeGroup = (group: string) => body(api.DELETE("/v1/groups/{group}", { params: { path: { group } } }));
export const addFolder = (folder: FolderInput) => body(api.POST("/v1/folders", { body: folder, headers: json }));
export const changeFolder = (folder: string, next: FolderInput) =>
  body(api.PUT("/v1/folders/{folder}", { params: { path: { folder } }, body: next, headers: json }));
export const removeFolder = (folder: string) => body(api.DELETE("/v1/folders/{folder}", { params: { path: { folder } } }));

export const addDirectory = (directory: DirectorySettings) => body(api.POST("/v1/directories", { body: directory, headers: json }));
export const changeDirectory = (directory: string, next: DirectorySettings) =>
  body(api.PUT("/v1/directories/{directory}", { params: { path: { directory } }, body: next, headers: json }));
export const removeDirectory = (directory: string) => body(api.DELETE("/v1/directories/{directory}", { params: { path: { directory } } }));
export const orderDirectories = (directories: string[]) => body(api.PUT("/v1/directories/order", { body: { directories }, headers: json }));
/** Connects with these settings; they are not kept. */
export const testDirectory = (settings: DirectoryTry) => body(api.POST("/v1/directories/test", { body: settings, headers: json }));
export const addDirectoryUser = (directory: string, given: DirectoryGrant) =>
  body(api.POST("/v1/directories/{directory}/users", { params: { path: { directory } }, body: given, headers: json }));
export const addDirectoryGroup = (directory: string, given: DirectoryGrant) =>
  body(api.POST("/v1/directories/{directory}/groups", { params: { path: { directory } }, body: given, headers: json }));

export const installCertificate = (certificate: NewCertificate) => body(api.PUT("/v1/certificate", { body: certificate, headers: json }));
/** Back to the one that the site makes itself. */
export const removeCertificate = () => body(api.DELETE("/v1/certificate"));
/** Makes the site's own one anew. */
export const renewCertificate = () => body(api.POST("/v1/certificate/renew"));

export const makeToken = (request: TokenRequest) => body(api.POST("/v1/tokens", { body: request, headers: json }));
export const endToken = (token: string) => body(api.DELETE("/v1/tokens/{token}", { params: { path: { token } } }));
