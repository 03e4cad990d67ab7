//! Who calls. Not what a caller may do: `rights`.

use std::net::IpAddr;

use catalog::cloud::{account::AccountRow, organization::MemberRow};
use model::{OrganizationId, SessionId, WallTime};

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The sign-in.
    pub session: SessionId,
    /// The account.
    pub account: AccountRow,
    /// When the sign-in ends if it is not used.
    pub expires: WallTime,
    /// From where the request came.
    pub address: IpAddr,
    /// What the account is in the organization of the address.
    pub member: Option<(OrganizationId, MemberRow)>,
}
