//! E-mail over SMTP. Not the words of it (`text`).

use std::time::Duration;

use api::{
    alarm::Alarm,
    notification::{Mail, MailSecurity},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};

use super::{About, Error, text::Text};

/// Most receivers of a message.
pub(super) const MAX_RECEIVERS: usize = 20;

/// Sender and receivers.
pub(super) fn addresses(mail: &Mail) -> Result<(Mailbox, Vec<Mailbox>), Error> {
    let parse = |text: &String| text.parse::<Mailbox>().map_err(|_| Error::MailAddress(text.clone()));
    if !(1..=MAX_RECEIVERS).contains(&mail.to.len()) {
        return Err(Error::Receivers);
    }
    Ok((parse(&mail.from)?, mail.to.iter().map(parse).collect::<Result<_, _>>()?))
}

/// Sends the alarm to all receivers within the time. A server's certificate must be valid for the operating
/// system, or be signed by `more_trust`.
pub(super) async fn deliver(
    mail: &Mail,
    alarm: &Alarm,
    about: &About,
    limit: Duration,
    more_trust: Option<Certificate>,
) -> Result<(), Error> {
    let message = compose(mail, alarm, about)?;
    let transport = transport(mail, limit, more_trust)?;
    match tokio::time::timeout(limit, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(e)) => {
            Err(Error::Mail { host: mail.host.clone(), reason: reasons(&e), again: !e.is_permanent() })
        }
        Err(_) => Err(Error::Silent { host: mail.host.clone(), seconds: limit.as_secs() }),
    }
}

fn compose(mail: &Mail, alarm: &Alarm, about: &About) -> Result<Message, Error> {
    let (from, to) = addresses(mail)?;
    let text = Text::of(alarm, about);
    // Beginning and end of one alarm are one conversation in the reader's program (RFC 5322 section 3.6.4).
    let domain = from.email.domain().to_owned();
    let began = format!("<{}.began@{domain}>", alarm.id);
    let mut message = Message::builder()
        .from(from)
        .subject(text.subject)
        // RFC 3834: holiday notices are not answers to this.
        .raw_header(header::HeaderValue::new(
            header::HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        ))
        .header(header::ContentType::TEXT_PLAIN);
    message = match alarm.ended {
        None => message.message_id(Some(began)),
        Some(_) => message
            .message_id(Some(format!("<{}.ended@{domain}>", alarm.id)))
            .in_reply_to(began.clone())
            .references(began),
    };
    for receiver in to {
        message = message.to(receiver);
    }
    message.body(text.body).map_err(|e| Error::Compose(e.to_string()))
}

fn transport(
    mail: &Mail,
    limit: Duration,
    more_trust: Option<Certificate>,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, Error> {
    let failed = |e: lettre::transport::smtp::Error| Error::Mail {
        host: mail.host.clone(),
        reason: reasons(&e),
        again: false,
    };
    let parameters = || {
        let mut builder = TlsParameters::builder(mail.host.clone());
        if let Some(certificate) = more_trust.clone() {
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(failed)
    };
    let tls = match mail.security {
        MailSecurity::Tls => Tls::Wrapper(parameters()?),
        MailSecurity::Starttls => Tls::Required(parameters()?),
        MailSecurity::None => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(mail.host.clone())
        .port(mail.port)
        .tls(tls)
        .timeout(Some(limit));
    if let Some(user) = &mail.user {
        let password = mail.password.clone().unwrap_or_default();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

/// An error with those that it comes from, for people.
fn reasons(error: &dyn std::error::Error) -> String {
    super::webhook::reasons(error)
}
