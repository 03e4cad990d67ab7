//! Answers that real devices gave, read by our parsers. Skipped, saying so, where the recordings are not there.

use std::path::{Path, PathBuf};

use camera::vapix::answers::{
    DeviceInfo, Parameters, SystemReady, api_list, envelope, main_resolution, sub_resolution,
};

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/vapix-recordings");

/// Device and body of each recorded answer to such a question.
fn answers(question: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let Ok(devices) = std::fs::read_dir(RECORDINGS) else {
        crate::skip("the recordings of real devices are not here");
        return found;
    };
    for device in devices.map(|entry| entry.unwrap().path()) {
        let Ok(files) = std::fs::read_dir(device.join(question)) else { continue };
        let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let name = device.file_name().unwrap().to_string_lossy().into_owned();
        let responses = files.iter().filter(|file| file.to_string_lossy().ends_with("-response"));
        found.extend(responses.map(|file| (name.clone(), body(file))));
    }
    assert!(!found.is_empty(), "recordings are there, but none of {question}");
    found
}

/// What follows the first empty line.
fn body(file: &Path) -> Vec<u8> {
    let bytes = std::fs::read(file).unwrap();
    let at = bytes.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2);
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4).or(at);
    bytes[at.unwrap_or(0)..].to_vec()
}

#[test]
fn device_information_names_model_serial_number_and_version() {
    for question in
        ["basic_device_info_get_all_unrestricted_properties", "basic_device_info_get_all_properties"]
    {
        for (device, body) in answers(question) {
            let info = DeviceInfo::from_data(&envelope(&body).unwrap().unwrap()).unwrap();
            let (model, firmware) = device.split_once('@').unwrap();
            assert_eq!((info.brand.as_str(), info.model.as_str()), ("AXIS", model), "{device}");
            assert_eq!(info.firmware, firmware, "{device}");
            assert_eq!(info.serial.len(), 12, "{device}");
        }
    }
}

#[test]
fn readiness_is_read() {
    for (device, body) in answers("system_ready_1_system_ready") {
        let state = SystemReady::from_data(&envelope(&body).unwrap().unwrap()).unwrap();
        assert!(state.ready && state.needs_setup == Some(false), "{device}: {state:?}");
    }
}

#[test]
fn lists_of_functions_are_read() {
    for (device, body) in answers("api_discovery_1_get_api_list") {
        let apis = api_list(&envelope(&body).unwrap().unwrap()).unwrap();
        assert!(apis.iter().any(|api| api.id == "basic-device-info"), "{device}: {apis:?}");
    }
}

#[test]
fn parameters_and_resolutions_are_read() {
    for (device, body) in answers("parameter_management_list_image_resolution") {
        let resolutions = Parameters::parse(&body).resolutions();
        let main = main_resolution(&resolutions).unwrap_or_else(|| panic!("{device} has resolutions"));
        let sub = sub_resolution(&resolutions).unwrap();
        assert!(main.width >= 768 && sub.width <= 640, "{device}: {main} and {sub}");
    }
    for (device, body) in answers("parameter_management_list_all") {
        let parameters = Parameters::parse(&body);
        assert!(parameters.len() > 500, "{device}: {}", parameters.len());
        let info = DeviceInfo::from_parameters(&parameters).unwrap();
        assert!(device.starts_with(&info.model), "{device}: {info:?}");
    }
}

#[test]
fn refusals_are_read() {
    for (device, body) in answers("firmware_management_1_upgrade_mismatch") {
        if let Ok(Err(refusal)) = envelope(&body) {
            assert!(!refusal.code.is_empty() && !refusal.message.is_empty(), "{device}: {refusal:?}");
        }
    }
}
