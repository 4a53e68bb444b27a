//! Open311 GeoReport v2 (wiki.open311.org): what the board shows of issues is listed for anybody, and anybody's client can file if the
//! community lets it. XML or JSON, as the end of the address says.
//!
//! A `service_request_id` is the issue's own id, which cannot be guessed: whoever has filed follows with it, and only what hangs on the
//! board is ever listed with it. The receipt code is the reporter's; it is in the notice to whoever filed and nowhere else.

mod format;
pub(super) mod requests;
pub(super) mod services;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Multipart, Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use db::Tx;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use self::format::Format;
use crate::access::{self, Need, Routes, Tenant, TenantKind};
use crate::app::{App, ClientAddress};
use crate::error::Error;
use crate::web::MULTIPART_LIMIT_MB;

pub fn routes() -> Routes {
    Routes::default()
        .get("/open311/v2/discovery.json", Need::Public, read)
        .get("/open311/v2/discovery.xml", Need::Public, read)
        .get("/open311/v2/services.json", Need::Public, read)
        .get("/open311/v2/services.xml", Need::Public, read)
        .get("/open311/v2/requests.json", Need::Public, read)
        .get("/open311/v2/requests.xml", Need::Public, read)
        .post("/open311/v2/requests.json", Need::Public, write)
        .post("/open311/v2/requests.xml", Need::Public, write)
        .get("/open311/v2/services/{service}", Need::Public, read_service)
        .get("/open311/v2/requests/{request}", Need::Public, read_request)
        .get("/open311/v2/tokens/{token}", Need::Public, read_token)
}

/// Why a request was not answered, as the standard has clients told.
struct Fault {
    status: StatusCode,
    sentences: Vec<String>,
}

impl Fault {
    fn of(status: StatusCode, sentence: impl Into<String>) -> Fault {
        Fault { status, sentences: vec![sentence.into()] }
    }

    fn bad(sentence: impl Into<String>) -> Fault {
        Fault::of(StatusCode::BAD_REQUEST, sentence)
    }

    fn missing(sentence: impl Into<String>) -> Fault {
        Fault::of(StatusCode::NOT_FOUND, sentence)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        let status = match &error {
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Forbidden | Error::Unrecognised => StatusCode::FORBIDDEN,
            Error::Refused(_) => StatusCode::BAD_REQUEST,
            Error::Stale(_) => StatusCode::CONFLICT,
            Error::Unreachable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::Db(_) | Error::Internal(_) => {
                tracing::error!(?error, "request failed");
                return Fault::of(StatusCode::INTERNAL_SERVER_ERROR, "程序出了问题，请稍后再试");
            }
        };
        Fault::of(status, error.to_string())
    }
}

impl From<db::Error> for Fault {
    fn from(error: db::Error) -> Fault {
        Fault::from(Error::from(error))
    }
}

type Answer = Result<Value, Fault>;

fn value(answer: impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| Error::Internal(error.into()).into())
}

/// A fault as clients are told of it; there can be several.
#[derive(Serialize, ToSchema)]
pub struct Open311Error {
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    code: u16,
    description: String,
}

/// Which community is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // read field by field, since clients say more than a server need know
pub struct Jurisdiction {
    /// The community's code; needed where there are several.
    jurisdiction_id: Option<String>,
}

/// What a client says, in the address and, where it files, in a form. Clients say many things that a server need not know.
struct Said(Vec<(String, String)>);

impl Said {
    fn get(&self, name: &str) -> Option<&str> {
        let said = self.0.iter().find(|(known, _)| known == name)?;
        Some(said.1.trim()).filter(|value| !value.is_empty())
    }

    fn list(&self, name: &str) -> Vec<&str> {
        let values = self.get(name).unwrap_or_default().split(',').map(str::trim);
        values.filter(|value| !value.is_empty()).collect()
    }
}

impl<S: Sync> FromRequestParts<S> for Said {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Said(pairs(query.as_bytes()).collect()))
    }
}

/// Names and values; PostgreSQL keeps no text with the character zero.
fn pairs(text: &[u8]) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.replace('\0', "")))
}

/// Nobody says more than this; with pictures, which are left out, the router's own limit holds.
const LARGEST: usize = 1 << 20;

/// The community that a request is for. With only one in the installation, it need not be named.
async fn jurisdiction(tx: &mut Tx, said: &Said) -> Result<Tenant, Fault> {
    if let Some(code) = said.get("jurisdiction_id") {
        let tenant = access::tenant_by_code(tx, code).await?.filter(|tenant| tenant.kind == TenantKind::Community);
        return tenant.ok_or_else(|| Fault::missing("没有这个 jurisdiction_id；它是社区的编码，在公示栏的网址里"));
    }
    let mut communities = access::tenants(tx).await?;
    communities.retain(|tenant| tenant.kind == TenantKind::Community);
    match (communities.pop(), communities.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(Fault::bad("没有写 jurisdiction_id：这里不止一个社区，请写社区的编码")),
    }
}

async fn read(State(app): State<App>, uri: Uri, said: Said) -> Response {
    let (name, format) = Format::split(uri.path());
    let (root, answer) = match name {
        "/open311/v2/discovery" => ("discovery", services::discovery(&app).await),
        "/open311/v2/services" => ("services", services::list(&app, &said).await),
        _ => ("service_requests", requests::list(&app, &said).await),
    };
    format.answer(StatusCode::OK, root, answer)
}

async fn write(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    uri: Uri,
    Said(mut said): Said,
    request: Request,
) -> Response {
    let (_, format) = Format::split(uri.path());
    let answer = match form(request).await {
        Ok(form) => {
            said.extend(form);
            requests::create(&app, address, &Said(said)).await
        }
        Err(fault) => Err(fault),
    };
    format.answer(StatusCode::CREATED, "service_requests", answer)
}

/// What a form says, in either way in which forms are sent. Files are left out.
async fn form(request: Request) -> Result<Vec<(String, String)>, Fault> {
    let (parts, body) = request.into_parts();
    let kind = parts.headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default().to_ascii_lowercase());
    let with_files = kind.as_ref().is_some_and(|kind| kind.starts_with("multipart/"));
    let most = if with_files { MULTIPART_LIMIT_MB << 20 } else { LARGEST };
    let body = to_bytes(body, most).await.map_err(|_| Error::TooLarge(most >> 20))?;
    match kind {
        Some(kind) if kind.starts_with("multipart/form-data") => {
            let broken = |_| Fault::bad("没有收全表单的内容，请再提交一次");
            let request = Request::from_parts(parts, Body::from(body));
            let mut parts =
                Multipart::from_request(request, &()).await.map_err(|_| Fault::bad("表单没有写 boundary"))?;
            let mut said = Vec::new();
            while let Some(part) = parts.next_field().await.map_err(broken)? {
                if part.file_name().is_some() {
                    continue;
                }
                let name = part.name().unwrap_or_default().to_owned();
                let value = part.bytes().await.map_err(broken)?;
                said.push((name, String::from_utf8_lossy(&value).replace('\0', "")));
            }
            Ok(said)
        }
        Some(kind) if !kind.starts_with("application/x-www-form-urlencoded") => Err(Fault::of(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "请用 application/x-www-form-urlencoded 或 multipart/form-data 提交",
        )),
        _ => Ok(pairs(&body).collect()),
    }
}

async fn read_service(State(app): State<App>, Path(service): Path<String>, said: Said) -> Response {
    let (code, format) = Format::split(&service);
    format.answer(StatusCode::OK, "service_definition", services::definition(&app, &said, code).await)
}

async fn read_request(State(app): State<App>, Path(request): Path<String>, said: Said) -> Response {
    let (id, format) = Format::split(&request);
    format.answer(StatusCode::OK, "service_requests", requests::show(&app, &said, id).await)
}

async fn read_token(State(app): State<App>, Path(token): Path<String>, said: Said) -> Response {
    let (id, format) = Format::split(&token);
    format.answer(StatusCode::OK, "service_requests", requests::token(&app, &said, id).await)
}
