//! A cloud as client commands use it: signing in there by device authorization (RFC 8628), and the list of one's sites.
//!
//! A sign-in here is one at the cloud alone: it lets nobody in at a site.

use std::time::Duration;

use api::cloud::{CloudSite, DeviceAsk, DeviceCodes, TokenAnswer, TokenAsk};
use model::Secret;
use reqwest::StatusCode;
use site::remote::{
    cloud::Cloud,
    oauth::{Answer, GRANT_TYPE, post, told},
};
use trust::CertificateId;

use super::{
    Failure, Items, Outcome,
    clouds::{Clouds, KnownCloud},
    output, private_file,
};

const CLIENT: &str = "martello-program";
/// Seconds that the cloud may hold its answer back.
const WAIT: u32 = 25;
/// No list is larger.
const MAX_LIST: usize = 8 << 20;

/// Which cloud is meant.
#[derive(clap::Args, Clone)]
pub(super) struct CloudArguments {
    /// The cloud: https://HOST[:PORT] [default: the one used last].
    #[arg(long, env = "MARTELLO_CLOUD")]
    cloud: Option<String>,
    /// The cloud's certificate ID, as it prints it when it starts; needed the first time.
    #[arg(long, env = "MARTELLO_CLOUD_ID")]
    cloud_id: Option<CertificateId>,
}

/// A cloud, and a token for it.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    /// The cloud.
    pub cloud: Cloud,
    /// The token.
    pub token: Secret<String>,
}

/// Where clouds are kept.
pub(super) fn path() -> Outcome<std::path::PathBuf> {
    private_file::path("clouds.toml")
}

impl CloudArguments {
    /// Signs in, where nobody is signed in yet: a person grants it at another screen. Gives back one's sites, too.
    pub async fn sign_in(&self) -> Outcome<(SignedIn, Vec<CloudSite>)> {
        let path = path()?;
        let mut clouds = Clouds::load(&path)?;
        let (cloud, known) = self.find(&clouds)?;
        if let Some(token) = known {
            let signed_in = SignedIn { cloud: cloud.clone(), token };
            if let Some(sites) = signed_in.sites().await? {
                return Ok((signed_in, sites));
            }
            // The cloud has ended the sign-in: a new one.
        }
        let signed_in = SignedIn { token: ask(&cloud).await?, cloud: cloud.clone() };
        clouds.put(KnownCloud {
            url: cloud.url().to_owned(),
            certificate_id: cloud.certificate_id(),
            token: Some(signed_in.token.clone()),
        });
        clouds.store(&path)?;
        let sites = signed_in.sites().await?;
        Ok((
            signed_in,
            sites.ok_or_else(|| Failure::failed("the cloud does not take the token that it gave"))?,
        ))
    }

    /// The cloud, and the token for it that is kept.
    fn find(&self, clouds: &Clouds) -> Outcome<(Cloud, Option<Secret<String>>)> {
        let wrong = |_| Failure::usage("this is no address of a cloud: https://HOST[:PORT] is expected");
        let Some(url) = &self.cloud else {
            let first = clouds.clouds.first();
            let first = first.ok_or_else(|| Failure::usage("which cloud? Give --cloud and --cloud-id"))?;
            let cloud = Cloud::new(&first.url, first.certificate_id).map_err(wrong)?;
            return Ok((cloud, first.token.clone()));
        };
        let same = |known: &&KnownCloud| {
            Cloud::new(url, known.certificate_id).is_ok_and(|cloud| cloud.url() == known.url)
        };
        let known = clouds.clouds.iter().find(same);
        let id = self.cloud_id.or_else(|| known.map(|known| known.certificate_id));
        let id = id.ok_or_else(|| {
            Failure::usage(
                "give the cloud's certificate ID as --cloud-id: the cloud prints it when it starts",
            )
        })?;
        // A token belongs to the identity that it was given by.
        let token = known.filter(|known| known.certificate_id == id).and_then(|known| known.token.clone());
        Ok((Cloud::new(url, id).map_err(wrong)?, token))
    }
}

impl SignedIn {
    /// One's sites; none where the cloud has ended the sign-in.
    async fn sites(&self) -> Outcome<Option<Vec<CloudSite>>> {
        let http = self.cloud.http().map_err(failed)?;
        let asked = http.get(format!("{}/v1/sites", self.cloud.url())).bearer_auth(self.token.expose());
        let mut answer = asked.send().await.map_err(|e| unreachable(&e))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED => return Ok(None),
            status => return Err(Failure::failed(format!("the cloud answered {status}"))),
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|e| unreachable(&e))? {
            if body.len() + piece.len() > MAX_LIST {
                return Err(Failure::failed("the cloud's answer is too large"));
            }
            body.extend_from_slice(&piece);
        }
        let items: Items<CloudSite> = serde_json::from_slice(&body)
            .map_err(|e| Failure::failed(format!("the cloud's answer is not understood: {e}")))?;
        Ok(Some(items.items))
    }
}

/// Asks for a grant, and waits until somebody has given it.
async fn ask(cloud: &Cloud) -> Outcome<Secret<String>> {
    let http = cloud.http().map_err(failed)?;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = format!("martello on {}", host.trim()).chars().take(40).collect();
    let ask = DeviceAsk { client_id: CLIENT.to_owned(), name, identity: None };
    let codes: DeviceCodes =
        match post(&http, cloud, "/oauth/device_authorization", &ask).await.map_err(failed)? {
            Answer::Yes(codes) => codes,
            Answer::No(error) => return Err(Failure::failed(told(error))),
        };
    output::notice(&format!(
        "Open {}, sign in, and type this code: {}",
        codes.verification_uri, codes.user_code
    ));
    let ask = TokenAsk {
        grant_type: GRANT_TYPE.to_owned(),
        device_code: codes.device_code,
        client_id: CLIENT.to_owned(),
        signature: None,
        wait: Some(WAIT),
    };
    loop {
        match post::<TokenAnswer>(&http, cloud, "/oauth/token", &ask).await.map_err(failed)? {
            Answer::Yes(answer) => return Ok(Secret::new(answer.access_token)),
            Answer::No(error) => match error.error.as_str() {
                // A cloud that holds nothing back is not asked more often than it wants.
                "authorization_pending" => {
                    tokio::time::sleep(Duration::from_secs(codes.interval.clamp(1, 60).into())).await;
                }
                _ => return Err(Failure::failed(told(error))),
            },
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}

fn unreachable(error: &reqwest::Error) -> Failure {
    Failure::failed(format!("the cloud cannot be reached: {}", super::connection::reasons(error)))
}
