//! From bollard's errors to ours.

use std::time::Duration;

use bollard::errors::Error;

use super::super::{EngineError, Source};

/// What a failed request means. `timeout` is the time that the request had.
pub(super) fn map(error: Error, timeout: Duration) -> EngineError {
    match error {
        Error::DockerResponseServerError { status_code: 503, .. } => {
            EngineError::Unavailable(Box::new(error))
        }
        Error::DockerResponseServerError { status_code, message } => answered(status_code, message),
        Error::RequestTimeoutError => EngineError::Timeout(timeout),
        Error::SocketNotFoundError(_)
        | Error::IOError { .. }
        | Error::HyperResponseError { .. }
        | Error::HyperLegacyError { .. } => EngineError::Unavailable(Box::new(error)),
        // These hold the answer, or quote it, and it may have a container's environment in it: they end here.
        Error::JsonDataError { column, .. } => not_understood(column),
        Error::JsonSerdeError { err } => not_understood(err.column()),
        Error::DockerStreamError { error } => failed(error, None),
        other => failed(other.to_string(), Some(Box::new(other))),
    }
}

/// The status of an answer that is a failure.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// The engine's words in an answer that is a failure.
pub(super) fn message(error: &Error) -> &str {
    match error {
        Error::DockerResponseServerError { message, .. } => message,
        _ => "",
    }
}

fn not_understood(column: usize) -> EngineError {
    failed(
        format!("an answer that is not understood, at column {column}"),
        None,
    )
}

fn failed(message: String, source: Option<Source>) -> EngineError {
    EngineError::Failed {
        status: 0,
        message,
        source,
    }
}

fn answered(status: u16, message: String) -> EngineError {
    if let Some(port) = taken_port(&message) {
        return EngineError::PortInUse { port };
    }
    let out_of_addresses = [
        "non-overlapping IPv4 address pool",
        "address pools have been fully subnetted",
    ];
    if out_of_addresses.iter().any(|words| message.contains(words)) {
        return EngineError::NoAddresses;
    }
    let without_driver = [
        "error while mounting volume",
        "volume plugin",
        "dial unix /run/docker/plugins/",
    ];
    if status == 500 && without_driver.iter().any(|words| message.contains(words)) {
        return EngineError::NoVolumeDriver(message);
    }
    match status {
        400 => EngineError::Invalid(message),
        _ => EngineError::Failed {
            status,
            message,
            source: None,
        },
    }
}

/// The host's port that an engine could not bind. Its words differ between versions, but all say `:PORT` or
/// `:PORT/tcp` right before what is wrong.
fn taken_port(message: &str) -> Option<u16> {
    let complaint = ["port is already allocated", "address already in use"];
    let end = complaint.iter().filter_map(|words| message.find(words)).min()?;
    let numbers = message[..end].split(':').rev().map(|part| {
        let digits = part
            .find(|c: char| !c.is_ascii_digit())
            .map_or(part, |length| &part[..length]);
        digits.parse::<u16>().ok()
    });
    numbers.flatten().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_found_in_every_wording() {
        let wordings = [
            "driver failed programming external connectivity on endpoint a (0f): Bind for 127.0.0.1:8080 failed: port \
             is already allocated",
            "driver failed programming external connectivity on endpoint a (0f): Error starting userland proxy: listen \
             tcp4 127.0.0.1:8080: bind: address already in use",
            "failed to set up container networking: driver failed programming external connectivity on endpoint a \
             (0f): failed to bind host port 127.0.0.1:8080/tcp: address already in use",
            "Bind for [::1]:8080 failed: port is already allocated",
        ];
        for message in wordings {
            let error = answered(500, message.to_owned());
            assert!(
                matches!(error, EngineError::PortInUse { port: 8080 }),
                "{message}: {error:?}"
            );
        }
    }

    #[test]
    fn an_engine_that_is_away_is_not_a_failure() {
        let timeout = Duration::from_secs(1);
        let away = [
            Error::SocketNotFoundError("/x".to_owned()),
            Error::IOError {
                err: std::io::ErrorKind::ConnectionReset.into(),
            },
            Error::DockerResponseServerError {
                status_code: 503,
                message: "shutting down".to_owned(),
            },
        ];
        for error in away {
            assert!(matches!(map(error, timeout), EngineError::Unavailable(_)));
        }
        assert!(matches!(
            map(Error::RequestTimeoutError, timeout),
            EngineError::Timeout(_)
        ));
    }

    #[test]
    fn an_answer_that_was_not_understood_is_not_kept() {
        let text = r#""PASSWORD=hunter2""#;
        let err = serde_json::from_str::<Vec<u8>>(text).unwrap_err();
        let message = err.to_string();
        assert!(message.contains("hunter2"), "{message}");
        let contents = text.to_owned();
        for error in [
            Error::JsonDataError {
                message,
                contents,
                column: 1,
            },
            Error::JsonSerdeError { err },
        ] {
            assert!(!format!("{:?}", map(error, Duration::ZERO)).contains("hunter2"));
        }
    }

    #[test]
    fn a_volume_driver_that_is_gone_is_told_from_other_failures() {
        for message in [
            "error while mounting volume '': Post \"http://%2Frun%2Fdocker%2Fplugins%2Fberth.sock/VolumeDriver.Mount\": \
             context deadline exceeded",
            "error looking up volume plugin berth: plugin \"berth\" not found",
            "create x: Post \"http://x/VolumeDriver.Create\": dial unix /run/docker/plugins/berth.sock: connect: no such file",
        ] {
            let error = answered(500, message.to_owned());
            assert!(matches!(error, EngineError::NoVolumeDriver(_)), "{error:?}");
        }
        let other = answered(500, "no space left on device".to_owned());
        assert!(matches!(other, EngineError::Failed { .. }), "{other:?}");
    }

    #[test]
    fn the_two_wordings_for_no_addresses_are_known() {
        for message in [
            "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
            "all predefined address pools have been fully subnetted",
        ] {
            assert!(matches!(
                answered(500, message.to_owned()),
                EngineError::NoAddresses
            ));
        }
    }
}
