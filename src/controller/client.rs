//! How the API server is asked: every request once, and what it says about when to ask again is heard.
//!
//! kube's own retry is off: it would send a write again that was applied though the answer said otherwise, or long after
//! the lease is lost. Whoever calls decides what is tried again. Without that retry kube does not look at the header
//! `Retry-After`, and an API server that is asked too much (API priority and fairness) says it nowhere else.

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use kube::client::ClientBuilder;
use kube::{Client, Config};
use serde_json::json;
use tower::util::MapResponseLayer;

/// A client that sends every request once.
///
/// # Errors
/// When the configuration names something that cannot be read, such as a certificate.
pub fn client(mut config: Config) -> Result<Client, kube::Error> {
    config.default_retry = false;
    let hearing = MapResponseLayer::new(|answer: Response<_>| told_in_the_body(answer.map(Body::new)));
    Ok(ClientBuilder::try_from(config)?.with_layer(&hearing).build())
}

/// An answer whose header says how long to wait, saying it in a `Status`, which kube hands on. One that is a `Status` already
/// says it there.
fn told_in_the_body(answer: Response<Body>) -> Response<Body> {
    let code = answer.status();
    let header = |name| answer.headers().get(name)?.to_str().ok();
    let seconds = header(RETRY_AFTER).and_then(|seconds| seconds.parse::<u32>().ok());
    let structured = header(CONTENT_TYPE).is_some_and(|form| form.starts_with("application/json"));
    let Some(seconds) = seconds.filter(|_| !structured && (code.is_client_error() || code.is_server_error())) else {
        return answer;
    };
    let status = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": code.canonical_reason().unwrap_or_default().replace(' ', ""),
        "code": code.as_u16(),
        "details": {"retryAfterSeconds": seconds},
    });
    let (mut head, _) = answer.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(status.to_string()))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use kube::core::Status;

    use super::*;

    /// The body that is handed on of an answer of that form.
    async fn body(code: u16, form: &str, body: &'static str) -> String {
        let answer = Response::builder().status(code);
        let answer = answer.header(RETRY_AFTER, "7").header(CONTENT_TYPE, form);
        let told = told_in_the_body(answer.body(Body::from(body)).unwrap());
        String::from_utf8(to_bytes(told.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_overloaded_server_is_heard_though_it_says_it_in_a_header_only() {
        let told = body(
            429,
            "text/plain; charset=utf-8",
            "Too many requests, please try again later.\n",
        )
        .await;
        let status: Status = serde_json::from_str(&told).unwrap();
        assert_eq!((status.code, status.reason.as_str()), (429, "TooManyRequests"));
        assert_eq!(status.details.unwrap().retry_after_seconds, 7);
    }

    #[tokio::test]
    async fn other_answers_are_left_as_they_are() {
        assert_eq!(body(429, "application/json", "{}").await, "{}");
        assert_eq!(body(200, "text/plain", "ok").await, "ok");
    }
}
