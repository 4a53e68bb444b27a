use askama::Template;
use axum::Json;
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use serde::Serialize;
use utoipa::ToSchema;

use super::{Shell, Written, page};
use crate::error::Error;

/// What an error page says. It travels in the response's extensions until [`dress_failures`] gives it a page,
/// since only there the reader's shell is known.
#[derive(Debug, Clone)]
pub struct Failure {
    pub title: &'static str,
    pub sentence: String,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, title) = match &self {
            Error::NotFound => (StatusCode::NOT_FOUND, "没有找到"),
            Error::Unrecognised => (StatusCode::UNAUTHORIZED, "没有令牌"),
            Error::Forbidden => (StatusCode::FORBIDDEN, "不在您的权限内"),
            Error::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "没有办成"),
            Error::Stale(_) => (StatusCode::CONFLICT, "刚刚有别人改过"),
            Error::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "请稍等"),
            Error::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "内容太大"),
            Error::Unreachable(_) => (StatusCode::SERVICE_UNAVAILABLE, "对方没有回应"),
            Error::Db(_) | Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "程序出了问题"),
        };
        let sentence = if status.is_server_error() {
            // What went wrong goes to the log, where the request id leads; it may quote a statement, never a bound value.
            tracing::error!(error = ?self, "request failed");
            "这次操作没有完成，已保存的内容没有改动。请稍后再试；还不行，请把下面的编号告诉社区工作人员。".to_owned()
        } else {
            self.to_string()
        };
        let mut response = status.into_response();
        match self {
            Error::TooMany(seconds) => drop(response.headers_mut().insert(RETRY_AFTER, seconds.into())),
            Error::Unrecognised => {
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response.extensions_mut().insert(Failure { title, sentence });
        response
    }
}

/// What went wrong, as RFC 9457 has programs told.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    r#type: &'static str,
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A Chinese sentence for people.
    detail: String,
    /// By which whoever runs the program finds the request in its log.
    #[schema(pattern = "^[0-9A-Z]{10}$")]
    request_id: String,
}

#[derive(Template)]
#[template(path = "web/failure.html")]
struct FailurePage {
    shell: Shell,
    title: &'static str,
    sentence: String,
    /// What the reader had written into a form.
    words: Vec<String>,
}

/// Turns a failure into a page for a person, or into JSON where a program asked. Whatever a person had written is on that page, so
/// that nobody has to think of the words again.
pub async fn dress_failures(shell: Shell, mut request: Request, next: Next) -> Response {
    let written = Written::default();
    request.extensions_mut().insert(written.clone());
    let path = request.uri().path();
    let for_public = path.starts_with("/api/") || path.starts_with("/open311/");
    let for_program = for_public || path.starts_with("/offline/") || path == "/doors/pack";
    let response = next.run(request).await;
    let status = response.status();
    let failure = response.extensions().get::<Failure>().cloned();
    let failure = failure.or_else(|| {
        // What the framework itself turned away, such as an address that cannot be read: it has no page yet.
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        // A player that has asked for a part past the end of a film is told how long it is.
        let dressed = response.headers().contains_key(CONTENT_RANGE)
            || ["text/html", "application/json", "text/xml"].iter().any(|known| kind.starts_with(known));
        (status.is_client_error() && !dressed).then(|| match status {
            StatusCode::UNAUTHORIZED => Failure {
                title: "没有办成",
                sentence: "打开得太久了，请重新联系一次服务器。".to_owned(),
            },
            _ => Failure { title: "没有找到", sentence: Error::NotFound.to_string() },
        })
    });
    let Some(Failure { title, sentence }) = failure else { return response };
    let status = if status == StatusCode::BAD_REQUEST { StatusCode::NOT_FOUND } else { status };
    let request_id = shell.request_id.clone();
    if for_public {
        // RFC 9457. What the framework has said beside it, such as which methods there are, stays.
        let (mut parts, _) = response.into_parts();
        parts.status = status;
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let problem = Problem { r#type: "about:blank", title, status: status.as_u16(), detail: sentence, request_id };
        return (parts, serde_json::to_string(&problem).unwrap_or_default()).into_response();
    }
    if for_program {
        return (status, Json(serde_json::json!({ "sentence": sentence, "request_id": request_id }))).into_response();
    }
    match page(&FailurePage { shell, title, sentence, words: written.words() }) {
        Ok(page) => (status, page).into_response(),
        Err(_) => status.into_response(),
    }
}
