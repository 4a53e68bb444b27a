//! Where letters of another installation arrive.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::access::{Need, Routes};
use crate::app::App;
use crate::error::Result;
use crate::whistle::letter::{self, ID, Signed, Taken};

pub fn routes() -> Routes {
    Routes::default().post("/inbox/{tenant_code}/{counterpart}", Need::Public, receive)
}

/// No letter is longer, in bytes.
const LONGEST: usize = 64 << 10;

/// Signed in the way of Standard Webhooks. 200: kept, now or before. 404: no such link, or not signed by its secret. 409: to be sent
/// again, it is about something that has not arrived. 410: the link is over. 422: not understood. 423: somebody else has answered the
/// invitation. The answer names the letter as the request did.
async fn receive(
    State(app): State<App>,
    Path((code, counterpart)): Path<(String, Uuid)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let Some(text) = std::str::from_utf8(&body).ok().filter(|body| body.len() <= LONGEST) else {
        return Ok(answer(Taken::Nonsense, header(ID)));
    };
    let signed = Signed {
        id: header(ID),
        seconds: header("webhook-timestamp").parse().unwrap_or(0),
        signature: header("webhook-signature"),
        body: text.to_owned(),
    };
    let taken = letter::receive(&app, &code, counterpart, &signed).await?;
    Ok(answer(taken, signed.id))
}

/// For a program: with a body of its own, since an empty one would be made a page for people.
fn answer(taken: Taken, id: String) -> Response {
    (taken.status(), [(ID, id)], Json(())).into_response()
}
