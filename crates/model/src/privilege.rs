//! Roles, and the privileges that operations ask for.
//!
//! What is here: which privileges there are, on what they are held, and the lowest role that can hold each. What is not
//! here: who has been granted what (the catalog), and what follows from it (`access`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What somebody is at a site.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Watches what it was granted, live.
    Viewer,
    /// Watches, plays back, and does what it was granted.
    Operator,
    /// Everything.
    Administrator,
}

impl Role {
    /// All roles, the lowest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Administrator];

    /// Its name in the API and in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }
}

/// On what a privilege is held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// It is not granted: it comes with being signed in, or with a role.
    Implied,
    /// On single cameras, on folders of cameras, or on all.
    Camera,
    /// On single views, or on all.
    View,
    /// On single input and output ports, or on all.
    Port,
    /// On the site as a whole.
    System,
}

/// A text that names no privilege.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no privilege of this name")]
pub struct ParsePrivilegeError;

macro_rules! privileges {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $scope:ident $lowest:ident;)*) => {
        /// What an operation asks of its caller; written into the API document as `x-privilege`.
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema,
        )]
        #[serde(rename_all = "kebab-case")]
        pub enum Privilege {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Privilege {
            /// All privileges, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in the API document.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it allows, for people.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim(),)* }
            }

            /// On what it is held.
            #[must_use]
            pub const fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope,)* }
            }

            /// The lowest role that can hold it.
            #[must_use]
            pub const fn lowest_role(self) -> Role {
                match self { $(Self::$variant => Role::$lowest,)* }
            }
        }
    };
}

privileges! {
    /// Nobody needs to be signed in.
    None "none" Implied Viewer;
    /// Anybody who is signed in.
    SignedIn "signed-in" Implied Viewer;
    /// Change one's own sign-in: password, second factor, tokens. Not by a token with a scope.
    OwnAccount "own-account" Implied Viewer;

    /// See that a camera exists and how it is.
    CameraAccess "camera-access" Camera Viewer;
    /// See a camera's pictures.
    CameraVideo "camera-video" Camera Viewer;
    /// Hear a camera.
    CameraListen "camera-listen" Camera Viewer;
    /// Speak through a camera.
    CameraSpeak "camera-speak" Camera Operator;
    /// Start and stop manual recording.
    CameraRecord "camera-record" Camera Operator;
    /// Steer a camera; of several who do, the lower priority number wins.
    CameraPtz "camera-ptz" Camera Operator;
    /// See the recordings of cameras whose pictures one may see.
    Recordings "recordings" Implied Operator;

    /// Open a view.
    ViewAccess "view-access" View Viewer;
    /// Change a view.
    ViewEdit "view-edit" View Operator;

    /// See that an input or output exists.
    PortAccess "port-access" Port Viewer;
    /// See the state of an input or output.
    PortRead "port-read" Port Viewer;
    /// Switch an output.
    PortWrite "port-write" Port Operator;

    /// Take single pictures.
    Snapshot "snapshot" System Viewer;
    /// Take recordings out of the system.
    Export "export" System Operator;
    /// Write incident reports.
    IncidentReport "incident-report" System Operator;
    /// Alarms, tasks and the logs of alarms and events.
    Alarms "alarms" System Operator;
    /// Search in data of outside systems.
    DataSearch "data-search" System Operator;
    /// Give recordings a category.
    CategoryAdd "category-add" System Operator;
    /// Take categories from recordings.
    CategoryRemove "category-remove" System Operator;
    /// Configure doors and access control.
    AccessControlConfigure "access-control-configure" System Operator;
    /// Manage cardholders and access rules.
    AccessControlManage "access-control-manage" System Viewer;
    /// Configure system health monitoring.
    HealthConfigure "health-configure" System Operator;
    /// See system health monitoring.
    Health "health" System Viewer;

    /// Change the site: cameras, storage, users, settings. Comes with the role.
    Configure "configure" Implied Administrator;
}

impl Privilege {
    /// Whether it can be granted to a user or a group.
    #[must_use]
    pub const fn is_granted(self) -> bool {
        !matches!(self.scope(), Scope::Implied)
    }

    /// What else comes with it: who may see pictures may know that the camera exists.
    #[must_use]
    pub const fn implies(self) -> Option<Self> {
        match self {
            Self::CameraVideo
            | Self::CameraListen
            | Self::CameraSpeak
            | Self::CameraRecord
            | Self::CameraPtz => Some(Self::CameraAccess),
            Self::Recordings => Some(Self::CameraVideo),
            Self::ViewEdit => Some(Self::ViewAccess),
            Self::PortRead | Self::PortWrite => Some(Self::PortAccess),
            _ => None,
        }
    }

    /// What must be held on the camera that an operation is about, where the operation asks for this privilege.
    #[must_use]
    pub const fn on_camera(self) -> Self {
        match self {
            Self::CameraVideo
            | Self::CameraListen
            | Self::CameraSpeak
            | Self::CameraRecord
            | Self::CameraPtz
            | Self::Recordings => self,
            Self::Snapshot => Self::CameraVideo,
            Self::Export
            | Self::IncidentReport
            | Self::CategoryAdd
            | Self::CategoryRemove
            | Self::DataSearch => Self::Recordings,
            _ => Self::CameraAccess,
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Privilege {
    type Err = ParsePrivilegeError;

    fn from_str(text: &str) -> Result<Self, ParsePrivilegeError> {
        Self::ALL.iter().copied().find(|one| one.name() == text).ok_or(ParsePrivilegeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_are_those_of_the_wire() {
        for privilege in Privilege::ALL {
            assert_eq!(privilege.name().parse(), Ok(*privilege));
            assert_eq!(serde_json::to_value(privilege).unwrap(), privilege.name());
        }
        assert!("everything".parse::<Privilege>().is_err());
    }
}
