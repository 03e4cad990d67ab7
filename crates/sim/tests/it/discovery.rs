//! Queries on the loopback broadcast address are answered by every camera from its own address.

use sim::{Farm, Fault, Options};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;

const QUIET: Duration = Duration::from_millis(700);

/// Sends the query and collects answers until nothing has come for a while.
async fn ask(to: SocketAddr, query: &[u8]) -> HashMap<IpAddr, Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.set_broadcast(true).unwrap();
    socket.send_to(query, to).await.unwrap();
    let mut answers = HashMap::new();
    let mut datagram = [0; 2048];
    while let Ok(received) = tokio::time::timeout(QUIET, socket.recv_from(&mut datagram)).await {
        let (length, from) = received.unwrap();
        assert!(answers.insert(from.ip(), datagram[..length].to_vec()).is_none(), "one answer each");
    }
    answers
}

async fn farm() -> Farm {
    Farm::start(Options { count: 20, ..Default::default() }).await.unwrap()
}

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn mdns_answers_name_service_port_serial_number_and_address() {
    let farm = farm().await;
    let mut query = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend_from_slice(b"\x0b_axis-video\x04_tcp\x05local\x00\x00\x0c\x80\x01");
    let answers = ask(farm.discovery.unwrap().mdns, &query).await;
    assert_eq!(answers.len(), 20);
    for camera in &farm.cameras {
        let answer = &answers[&IpAddr::from(camera.address)];
        assert_eq!(answer[..12], [0x12, 0x34, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 3]);
        assert_eq!(answer[12..query.len()], query[12..], "the question is repeated");
        assert!(contains(answer, &format!("AXIS {} - {}", camera.model, camera.serial)));
        assert!(contains(answer, &format!("macaddress={}", camera.serial)));
        assert!(answer.ends_with(&camera.address.octets()));
        assert!(answer.windows(2).any(|two| two == camera.http_port.to_be_bytes()));
    }
    let other = query.iter().map(|b| if *b == b'x' { b'y' } else { *b }).collect::<Vec<_>>();
    assert!(ask(farm.discovery.unwrap().mdns, &other).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn ssdp_answers_point_to_a_description_and_a_refusing_camera_is_silent() {
    let farm = farm().await;
    farm.cameras[3].fault(Fault::Refuse);
    let query = "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n\
                 ST: urn:axis-com:service:BasicService:1\r\n\r\n";
    let answers = ask(farm.discovery.unwrap().ssdp, query.as_bytes()).await;
    assert_eq!(answers.len(), 19);
    let camera = &farm.cameras[0];
    let answer = &answers[&IpAddr::from(camera.address)];
    let location = format!("LOCATION: {}/rootdesc1.xml\r\n", camera.http_url());
    assert!(contains(answer, &location), "{}", String::from_utf8_lossy(answer));
    assert!(contains(answer, &format!("USN: uuid:Upnp-BasicDevice-1_0-{}::urn:axis-com", camera.serial)));
}

#[tokio::test(flavor = "multi_thread")]
async fn ws_discovery_answers_relate_to_the_probe() {
    let farm = farm().await;
    let probe = r#"<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
        xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
        xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>uuid:84ede3de-7dec</w:MessageID>
        <w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
        <e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"#;
    let wsd = farm.discovery.unwrap().wsd;
    let answers = ask(wsd, probe.as_bytes()).await;
    assert_eq!(answers.len(), 20);
    for camera in &farm.cameras {
        let answer = &answers[&IpAddr::from(camera.address)];
        assert!(contains(answer, "<wsa:RelatesTo>uuid:84ede3de-7dec</wsa:RelatesTo>"));
        assert!(contains(
            answer,
            &format!("<d:XAddrs>{}/onvif/device_service</d:XAddrs>", camera.http_url())
        ));
    }
    let printers = probe.replace("dn:NetworkVideoTransmitter", "wprt:PrintDeviceType");
    assert!(ask(wsd, printers.as_bytes()).await.is_empty());
}
