//! Where letters of another installation arrive.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use uuid::Uuid;

use crate::access::{Need, Routes};
use crate::app::App;
use crate::error::Result;
use crate::whistle::letter::{Letter, Taken, check, take_in};

pub fn routes() -> Routes {
    Routes::default().post("/inbox/{tenant_code}/{counterpart}", Need::Public, receive)
}

/// No letter is longer, in bytes.
const LONGEST: usize = 64 << 10;

/// Signed in the way of Standard Webhooks. 200: kept, now or before. 404: no such link, or not signed by its secret. 409: to be sent
/// again, it is about something that has not arrived. 410: the link is over. 422: not understood.
async fn receive(
    State(app): State<App>,
    Path((code, counterpart)): Path<(String, Uuid)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (id, signed) = (header("webhook-id"), header("webhook-signature"));
    let seconds = header("webhook-timestamp").parse().unwrap_or(0);
    let Some(text) = std::str::from_utf8(&body).ok().filter(|body| body.len() <= LONGEST) else {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY);
    };
    check(&app, &code, counterpart, (id, seconds, signed), text).await?;
    let Some(letter) = serde_json::from_str::<Letter>(text).ok().filter(|letter| letter.id.to_string() == id) else {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY);
    };
    Ok(match take_in(&app, &code, counterpart, letter).await? {
        Taken::Kept => StatusCode::OK,
        Taken::TooEarly => StatusCode::CONFLICT,
        Taken::Over => StatusCode::GONE,
        Taken::Nonsense => StatusCode::UNPROCESSABLE_ENTITY,
    })
}
