//! Enrolling: the site asks its cloud for a grant (RFC 8628), shows the code, and comes for the grant as soon as somebody
//! has given it. It proves by its identity's signature that it is the one that asked.

use std::time::Duration;

use api::cloud::{DeviceAsk, DeviceCodes, TokenAnswer, TokenAsk};
use model::clock::wall_now;
use rendezvous::pace::Backoff;

use super::{
    Code, Phase, Remote,
    cloud::{Cloud, CloudError},
    oauth::{Answer, GRANT_TYPE, post, told},
};

const CLIENT: &str = "martello-site";
/// Seconds that the cloud may hold its answer back.
const WAIT: u32 = 25;

/// Asks until it was granted or denied; ends when the phase has changed.
pub async fn run(remote: &Remote, cloud: &Cloud, name: &str) {
    let mut backoff = Backoff::new(u64::from(std::process::id()));
    loop {
        match ask(remote, cloud, name).await {
            Ok(Some(organization)) => {
                let (keeper, of) = (remote.clone(), cloud.clone());
                let kept = tokio::task::spawn_blocking(move || keeper.granted(&of, organization)).await;
                match kept {
                    Ok(Ok(_)) => return,
                    Ok(Err(error)) => remote.trouble(Some(error.to_string())),
                    Err(error) => remote.trouble(Some(error.to_string())),
                }
            }
            // The code has ended: here is a new one.
            Ok(None) => continue,
            Err(Denied::Trouble(error)) => remote.trouble(Some(error.to_string())),
            Err(Denied::No) => {
                let mut inside = remote.inside();
                inside.phase = Phase::Off;
                inside.trouble = Some("somebody said no at the cloud".to_owned());
                return;
            }
        }
        tokio::time::sleep(backoff.failed()).await;
    }
}

enum Denied {
    No,
    Trouble(CloudError),
}

impl From<CloudError> for Denied {
    fn from(error: CloudError) -> Self {
        Self::Trouble(error)
    }
}

/// One code: the organization when it was granted, nothing when the code has ended.
async fn ask(remote: &Remote, cloud: &Cloud, name: &str) -> Result<Option<String>, Denied> {
    let identity = &remote.0.identity;
    let http = cloud.http()?;
    let digits: String = identity.public().spki_der().iter().map(|byte| format!("{byte:02x}")).collect();
    let ask = DeviceAsk { client_id: CLIENT.to_owned(), name: name.to_owned(), identity: Some(digits) };
    let asked = post::<DeviceCodes>(&http, cloud, "/oauth/device_authorization", &ask).await?;
    let codes = match asked {
        Answer::Yes(codes) => codes,
        Answer::No(error) => return Err(CloudError::Refused(told(error)).into()),
    };
    {
        let mut inside = remote.inside();
        inside.trouble = None;
        if let Phase::Asking { code, .. } = &mut inside.phase {
            *code = Some(Code {
                user: codes.user_code.clone(),
                url: codes.verification_uri.clone(),
                expires: wall_now() + Duration::from_secs(codes.expires_in.into()),
            });
        }
    }
    let signature = identity.sign_enrolment(&cloud.certificate_id(), &codes.device_code);
    let signature = signature.to_der().iter().map(|byte| format!("{byte:02x}")).collect();
    let ask = TokenAsk {
        grant_type: GRANT_TYPE.to_owned(),
        device_code: codes.device_code,
        client_id: CLIENT.to_owned(),
        signature: Some(signature),
        wait: Some(WAIT),
    };
    let mut backoff = Backoff::new(u64::from(std::process::id()));
    loop {
        match post::<TokenAnswer>(&http, cloud, "/oauth/token", &ask).await {
            Ok(Answer::Yes(answer)) => return Ok(Some(answer.organization.unwrap_or_default())),
            Ok(Answer::No(error)) => match error.error.as_str() {
                "authorization_pending" => {
                    backoff.succeeded();
                    // A cloud that holds nothing back is not asked more often than it wants.
                    tokio::time::sleep(Duration::from_secs(codes.interval.clamp(1, 60).into())).await;
                }
                "access_denied" => return Err(Denied::No),
                "expired_token" => return Ok(None),
                _ => return Err(CloudError::Refused(told(error)).into()),
            },
            // The code still counts: the cloud may be back in a moment.
            Err(error) => {
                remote.trouble(Some(error.to_string()));
                tokio::time::sleep(backoff.failed()).await;
            }
        }
    }
}
