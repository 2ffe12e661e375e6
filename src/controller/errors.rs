//! What an error of the API server, or of the way to it, means: to the controller as a [`WriteError`], and to people in
//! words. These name what was asked and every cause that is known, but never what was sent or answered: an API server repeats
//! values of an object in its messages.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use kube::api::ApiResource;
use kube::core::Status;
use rustls::CertificateError;

use super::storage::WriteError;
use crate::api::Unpublished;

/// A status that was refused is offered again after that: the definition of its kind may have been updated.
const AGAIN: Duration = Duration::from_secs(600);
/// The causes that are named of one answer.
const CAUSES: usize = 5;

/// What was asked of the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    verb: &'static str,
    /// As in `users.tenantry.dev`.
    resource: String,
    status: bool,
}

impl Asked {
    /// That verb of a resource.
    pub(super) fn of(verb: &'static str, resource: &ApiResource) -> Self {
        let resource = match resource.group.as_str() {
            "" => resource.plural.clone(),
            group => format!("{}.{group}", resource.plural),
        };
        Self {
            verb,
            resource,
            status: false,
        }
    }

    /// The same of its status.
    pub(super) fn status(self) -> Self {
        Self { status: true, ..self }
    }

    /// Whether it can only be answered "not found" when the whole resource is not there.
    fn is_of_all(&self) -> bool {
        matches!(self.verb, "list" | "watch")
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = if self.status { "/status" } else { "" };
        write!(form, "{} {}{status}", self.verb, self.resource)
    }
}

/// Why a write did not work.
pub(super) fn write_error(error: &kube::Error, asked: &Asked) -> WriteError {
    let reason = words(error, asked);
    let kube::Error::Api(status) = error else {
        // The connection failed, before the request was read or after it was carried out.
        return WriteError::Busy {
            after: None,
            failed: false,
            reason,
        };
    };
    if let Some(why) = unpublished(status).filter(|_| asked.status) {
        let again = Some(AGAIN);
        return WriteError::Invalid { why, again, reason };
    }
    match status.code {
        403 if is_leaving(status) => WriteError::Leaving,
        404 => WriteError::Gone,
        409 => WriteError::Conflict,
        429 | 500.. => WriteError::Busy {
            after: status
                .details
                .as_ref()
                .map(|details| u64::from(details.retry_after_seconds))
                .filter(|seconds| *seconds > 0)
                .map(Duration::from_secs),
            failed: status.code == 500 && asked.status,
            reason,
        },
        _ => WriteError::Refused(reason),
    }
}

/// Whether the namespace is being deleted.
fn is_leaving(status: &Status) -> bool {
    let mut causes = status.details.iter().flat_map(|details| &details.causes);
    causes.any(|cause| cause.reason == "NamespaceTerminating")
}

/// Whether an answer to a status means that it will not be taken as it is. Server-side apply answers 500 to a field that the
/// definition does not have, and so does an API server whose etcd is sent too much.
fn unpublished(status: &Status) -> Option<Unpublished> {
    let says = |texts: &[&str]| texts.iter().any(|text| status.message.contains(text));
    match status.code {
        413 => Some(Unpublished::StatusTooLarge),
        400 | 500 if says(&["request is too large", "larger than max"]) => Some(Unpublished::StatusTooLarge),
        400 | 422 => Some(Unpublished::StatusRefused),
        500 if says(&[UNDECLARED, "typed patch object"]) => Some(Unpublished::StatusRefused),
        _ => None,
    }
}

/// What server-side apply says of a field that it does not know.
const UNDECLARED: &str = ": field not declared in schema";

/// Why a request failed.
pub(super) fn words(error: &kube::Error, asked: &Asked) -> String {
    match error {
        kube::Error::Api(status) => answered(status, asked),
        kube::Error::SerdeError(_) => format!("the API server's answer to `{asked}` cannot be read"),
        kube::Error::Auth(_) => "the credentials of the kubeconfig or service account cannot be used".to_owned(),
        other => unreachable(other),
    }
}

fn answered(status: &Status, asked: &Asked) -> String {
    let what = format!("the API server answered {} {} to `{asked}`", status.code, status.reason);
    match status.code {
        401 => format!("{what}: it does not accept the token or client certificate"),
        403 => format!("{what}: this account has no right to do that"),
        404 if asked.is_of_all() => {
            let crd = &asked.resource;
            format!("{what}: the CustomResourceDefinition `{crd}` is not installed")
        }
        _ => match causes(status) {
            causes if causes.is_empty() => what,
            causes => format!("{what}: {}", causes.join(", ")),
        },
    }
}

/// Fields and what is wrong with them, without their values.
fn causes(status: &Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let causes = causes.map(|cause| format!("{} {}", cause.field, cause.reason).trim().to_owned());
    let undeclared = status.message.lines().filter_map(|line| {
        let path = line.strip_suffix(UNDECLARED)?.rsplit(' ').next()?;
        Some(format!("{} FieldNotDeclared", path.trim_start_matches('.')))
    });
    causes
        .chain(undeclared)
        .filter(|cause| !cause.is_empty())
        .take(CAUSES)
        .collect()
}

/// Why there was no answer, by the innermost cause that says something.
fn unreachable(error: &kube::Error) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut dns = false;
    while let Some(error) = cause {
        dns |= error.to_string().starts_with("dns error");
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return tls(error);
        }
        let io = error.downcast_ref::<io::Error>();
        match io.map(|io| (io, io.get_ref())) {
            // What an I/O error wraps is no source of it.
            Some((_, Some(inner))) => cause = Some(inner),
            Some((io, None)) => return format!("the API server cannot be reached: {}", network(io, dns)),
            None => cause = error.source(),
        }
    }
    match dns {
        true => "the API server cannot be reached: its name is not known (DNS)".to_owned(),
        false => "the API server cannot be reached".to_owned(),
    }
}

fn network(error: &io::Error, dns: bool) -> String {
    match dns {
        true => "its name is not known (DNS)".to_owned(),
        false => error.kind().to_string(),
    }
}

fn tls(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return format!("no TLS connection to the API server: {error}");
    };
    match certificate {
        CertificateError::UnknownIssuer => {
            "the API server's certificate is signed by an unknown authority: look at `certificate-authority` of the \
             kubeconfig"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the API server's certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the API server's certificate is not valid yet: look at the clocks"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the API server's certificate is for another name: look at `server` of the kubeconfig"
        }
        other => return format!("the API server's certificate is not accepted: {other}"),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use kube::core::response::{StatusCause, StatusDetails};

    use super::super::cluster::resource;
    use super::*;
    use crate::api::Kind;

    fn status_write() -> Asked {
        Asked::of("patch", &resource(Kind::User)).status()
    }

    fn answer(code: u16, reason: &str, message: &str) -> kube::Error {
        kube::Error::Api(Status::failure(message, reason).with_code(code).boxed())
    }

    /// What an API server says of 1,001 entries where 1,000 may be, with a value of the object in it.
    fn too_many() -> kube::Error {
        let cause = StatusCause {
            reason: "FieldValueTooMany".to_owned(),
            message: "Too many: 1001: must have at most 1000 items, not ada@acme.example".to_owned(),
            field: "status.roles".to_owned(),
        };
        let details = StatusDetails {
            name: "ada".to_owned(),
            group: "tenantry.dev".to_owned(),
            kind: "users".to_owned(),
            uid: String::new(),
            causes: vec![cause],
            retry_after_seconds: 0,
        };
        let status = Status::failure("User \"ada\" is invalid: ada@acme.example", "Invalid");
        kube::Error::Api(status.with_code(422).with_details(details).boxed())
    }

    const UNKNOWN_FIELD: &str = "failed to create typed patch object (acme/ada; tenantry.dev/v1alpha1, Kind=User): \
         .status.truncated: field not declared in schema";

    #[test]
    fn what_the_server_will_never_take_is_told_from_a_server_that_is_unwell() {
        for (error, refused) in [
            (too_many(), Some(Unpublished::StatusRefused)),
            (answer(400, "BadRequest", "?"), Some(Unpublished::StatusRefused)),
            (
                answer(413, "RequestEntityTooLarge", "?"),
                Some(Unpublished::StatusTooLarge),
            ),
            (
                answer(500, "", "etcdserver: request is too large"),
                Some(Unpublished::StatusTooLarge),
            ),
            (
                answer(500, "", "rpc error: trying to send message larger than max (3 vs. 2)"),
                Some(Unpublished::StatusTooLarge),
            ),
            (answer(500, "", UNKNOWN_FIELD), Some(Unpublished::StatusRefused)),
            (answer(500, "InternalError", "etcdserver: leader changed"), None),
            (answer(503, "ServiceUnavailable", "request is too large"), None),
            (answer(403, "Forbidden", "?"), None),
        ] {
            let found = match write_error(&error, &status_write()) {
                WriteError::Invalid { why, again, .. } => Some((why, again)),
                _ => None,
            };
            assert_eq!(found, refused.map(|why| (why, Some(AGAIN))), "{error}");
        }
    }

    #[test]
    fn only_a_status_can_be_written_with_less_in_it() {
        let create = Asked::of("create", &resource(Kind::Role));
        assert!(matches!(write_error(&too_many(), &create), WriteError::Refused(_)));
        let failed = answer(500, "", UNKNOWN_FIELD);
        assert!(matches!(
            write_error(&failed, &create),
            WriteError::Busy { failed: false, .. }
        ));
    }

    #[test]
    fn causes_are_named_by_field_and_reason_and_no_value_is() {
        let told = words(&too_many(), &status_write());
        assert_eq!(
            told,
            "the API server answered 422 Invalid to `patch users.tenantry.dev/status`: status.roles FieldValueTooMany"
        );
        let told = words(&answer(500, "", UNKNOWN_FIELD), &status_write());
        assert!(told.ends_with(": status.truncated FieldNotDeclared"), "{told}");
        let both = format!("{UNKNOWN_FIELD}\nerrors:\n  .status.color: field not declared in schema");
        let told = words(&answer(500, "", &both), &status_write());
        assert!(
            told.ends_with("status.truncated FieldNotDeclared, status.color FieldNotDeclared"),
            "{told}"
        );
    }

    fn list() -> Asked {
        Asked::of("list", &resource(Kind::User))
    }

    #[test]
    fn an_answer_is_told_with_what_was_asked() {
        for (code, reason, told) in [
            (
                401,
                "Unauthorized",
                "401 Unauthorized to `list users.tenantry.dev`: it does not accept the token or client certificate",
            ),
            (
                403,
                "Forbidden",
                "403 Forbidden to `list users.tenantry.dev`: this account has no right to do that",
            ),
            (
                404,
                "NotFound",
                "404 NotFound to `list users.tenantry.dev`: the CustomResourceDefinition `users.tenantry.dev` is not installed",
            ),
            (
                503,
                "ServiceUnavailable",
                "503 ServiceUnavailable to `list users.tenantry.dev`",
            ),
        ] {
            let error = answer(code, reason, "ada@acme.example");
            assert_eq!(words(&error, &list()), format!("the API server answered {told}"));
        }
        let asked = Asked::of("get", &ApiResource::erase::<k8s_openapi::api::core::v1::Namespace>(&()));
        let told = words(&answer(404, "NotFound", ""), &asked);
        assert_eq!(told, "the API server answered 404 NotFound to `get namespaces`");
    }

    /// An error of TLS as the client hands it on: wrapped by an I/O error, which does not name it as its source.
    fn tls_failed(error: CertificateError) -> kube::Error {
        let error = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(error));
        kube::Error::Service(Box::new(io::Error::other(error)))
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told() {
        for (error, told) in [
            (CertificateError::UnknownIssuer, "unknown authority"),
            (CertificateError::Expired, "has expired"),
            (CertificateError::NotValidYet, "not valid yet"),
            (CertificateError::NotValidForName, "another name"),
            (CertificateError::Revoked, "is not accepted"),
        ] {
            let words = words(&tls_failed(error), &list());
            assert!(words.contains(told), "{words}");
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_refused_is_told_as_that() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let client = super::super::client(kube::Config::new(url.parse().unwrap())).unwrap();
        let error = client.apiserver_version().await.unwrap_err();
        assert_eq!(
            words(&error, &list()),
            "the API server cannot be reached: connection refused"
        );
    }

    #[test]
    fn a_name_that_is_not_known_is_told_as_that() {
        #[derive(Debug, thiserror::Error)]
        #[error("dns error")]
        struct Dns(#[source] io::Error);
        let error = Dns(io::Error::other(
            "failed to lookup address information: Name or service not known",
        ));
        let told = words(&kube::Error::Service(Box::new(error)), &list());
        assert_eq!(told, "the API server cannot be reached: its name is not known (DNS)");
    }
}
