//! `param.cgi`: the parameter tree of a simulated device and `action=list` over it.
//!
//! Names may be groups or single parameters, with or without `root.`, with `*` for a part of the path. A name without
//! match gives a line `# Error: …` and the others still follow; the group right after such a line comes without
//! `root.`, as AXIS OS 12 does. Not here: changes (`action=update` answers an error).

use crate::clip::Codec;
use crate::device::Identity;
use crate::message::parameter;
use crate::sound::Audio;
use std::fmt::Write;

/// The stored stream profiles: name, description, parameters.
pub(crate) const PROFILES: [(&str, &str, &str); 2] = [
    ("Quality", "Best quality, full frame rate", "resolution=1920x1080&fps=25&videocodec=h264"),
    ("Bandwidth", "Small picture for overviews", "resolution=640x360&fps=25&videocodec=h264"),
];

/// Answers a query or form.
pub(crate) fn answer(identity: &Identity, form: &str) -> String {
    match parameter(form, "action").as_deref() {
        Some("list") | None => {}
        Some(_) => return "# Error: this device's parameters cannot be changed\n".into(),
    }
    let tree = tree(identity);
    let mut text = String::new();
    let Some(groups) = parameter(form, "group") else {
        for (name, value) in &tree {
            let _ = writeln!(text, "root.{name}={value}");
        }
        return text;
    };
    let mut root = "root.";
    for group in groups.split(',') {
        let wanted = group.strip_prefix("root.").unwrap_or(group).trim_end_matches('.');
        let found = tree.iter().filter(|(name, _)| wanted == "root" || matches(wanted, name));
        let before = text.len();
        for (name, value) in found {
            let _ = writeln!(text, "{root}{name}={value}");
        }
        root = "root.";
        if text.len() == before {
            let _ = writeln!(text, "# Error: Error -1 getting param in group '{wanted}'");
            root = "";
        }
    }
    text
}

/// Whether the wanted path is the name or one of its groups, part by part.
fn matches(wanted: &str, name: &str) -> bool {
    let mut parts = name.split('.');
    wanted.split('.').all(|want| parts.next().is_some_and(|part| fits(want, part)))
}

/// Whether a part with at most one `*` fits.
fn fits(want: &str, part: &str) -> bool {
    match want.split_once('*') {
        None => want.eq_ignore_ascii_case(part),
        Some((front, back)) => {
            part.len() >= front.len() + back.len() && part.starts_with(front) && part.ends_with(back)
        }
    }
}

fn tree(identity: &Identity) -> Vec<(String, String)> {
    let Identity { model, serial, address, .. } = identity;
    let resolutions = "1920x1080,640x360";
    let sound = if identity.audio == Audio::None { "no" } else { "yes" };
    let encoding = if identity.audio == Audio::Pcmu { "g711" } else { "aac" };
    let rate = if identity.audio == Audio::Pcmu { "8000" } else { "16000" };
    let codec = if identity.codec == Codec::H265 { "h265" } else { "h264" };
    let resolution = if identity.small { "640x360" } else { "1920x1080" };
    let gop = identity.gop.unwrap_or(50).saturating_sub(1);
    let access = if identity.anonymous { "anonymous" } else { "password" };
    let text = format!(
        "Audio.DuplexMode=get
Audio.A0.Enabled={sound}
Audio.A0.Source=0
AudioSource.NbrOfSources=1
AudioSource.A0.AudioEncoding={encoding}
AudioSource.A0.AudioSupport={sound}
AudioSource.A0.BitRate=32000
AudioSource.A0.SampleRate={rate}
Brand.Brand=AXIS
Brand.ProdFullName=AXIS {model} Network Camera
Brand.ProdNbr={model}
Brand.ProdShortName=AXIS {model}
Brand.ProdType=Network Camera
Brand.ProdVariant=
Brand.WebURL=http://www.axis.com
Image.NbrOfConfigs=1
Image.I0.Enabled=yes
Image.I0.Name={name}
Image.I0.Source=0
Image.I0.Appearance.ColorEnabled=yes
Image.I0.Appearance.Compression=30
Image.I0.Appearance.MirrorEnabled=no
Image.I0.Appearance.Resolution={resolution}
Image.I0.Appearance.Rotation=0
Image.I0.MPEG.PCount={gop}
Image.I0.MPEG.ZFpsMode=fixed
Image.I0.MPEG.ZGopMode=fixed
Image.I0.MPEG.ZMaxGopLength=300
Image.I0.MPEG.ZStrength=10
Image.I0.MPEG.H264.Profile=main
Image.I0.MPEG.SignedVideo.Enabled=no
Image.I0.RateControl.MaxBitrate=3000
Image.I0.RateControl.Mode=mbr
Image.I0.RateControl.Priority=framerate
Image.I0.Stream.Codec={codec}
Image.I0.Stream.FPS={fps}
Network.BootProto=dhcp
Network.HostName=axis-{host}
Network.IPAddress={address}
Network.Bonjour.Enabled=yes
Network.Bonjour.FriendlyName=AXIS {model} - {serial}
Network.HTTP.AuthenticationPolicy=digest
Network.HTTP.Port={http}
Network.RTP.EndPort=50999
Network.RTP.StartPort=50000
Network.RTSP.Enabled=yes
Network.RTSP.Port={rtsp}
Network.RTSP.ProtViewer={access}
Network.RTSP.Timeout=60
Network.RTSPS.Enabled=no
Network.UPnP.Enabled=yes
Network.UPnP.FriendlyName=AXIS {model} - {serial}
Properties.API.HTTP.Version=3
Properties.API.Metadata.Metadata=yes
Properties.API.Metadata.Version=1.0
Properties.API.RTSP.RTSPAuth=yes
Properties.API.RTSP.Version=2.01
Properties.API.WebService.ONVIF.ONVIF=no
Properties.ApiDiscovery.ApiDiscovery=yes
Properties.Audio.Audio={sound}
Properties.Audio.Format=g711,aac
Properties.Firmware.BuildDate=Jan 17 2026 18:22
Properties.Firmware.BuildNumber=1
Properties.Firmware.Version={version}
Properties.Image.Format=jpeg,h264,h265
Properties.Image.NbrOfViews=1
Properties.Image.Resolution={resolutions}
Properties.Image.Rotation=0
Properties.Image.H264.Profiles=Main
Properties.Image.H265.Profiles=Main
Properties.Image.I0.Resolution={resolutions}
Properties.LocalStorage.LocalStorage=no
Properties.PTZ.PTZ=no
Properties.PTZ.DigitalPTZ=no
Properties.System.Architecture=aarch64
Properties.System.HardwareID=92D
Properties.System.Language=English
Properties.System.SerialNumber={serial}
Properties.System.Soc=Axis Artpec-8
StreamProfile.MaxGroups=26
System.BoaPort={http}
Time.SyncSource=NTP
",
        name = identity.name,
        host = serial.to_ascii_lowercase(),
        rtsp = identity.rtsp_port,
        http = identity.http_port,
        fps = identity.fps,
        version = super::VERSION,
    );
    let mut tree: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (i, (name, description, parameters)) in PROFILES.into_iter().enumerate() {
        for (field, value) in [("Name", name), ("Description", description), ("Parameters", parameters)] {
            tree.push((format!("StreamProfile.S{i}.{field}"), value.to_owned()));
        }
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_path_matches_itself_its_groups_and_stars() {
        for wanted in ["Image", "Image.I0.Name", "Image.*.Name", "image.i0", "Image.I*"] {
            assert!(matches(wanted, "Image.I0.Name"), "{wanted}");
        }
        for wanted in ["Imag", "Image.I1", "Image.I0.Name.X", "*.Name"] {
            assert!(!matches(wanted, "Image.I0.Name"), "{wanted}");
        }
    }
}
