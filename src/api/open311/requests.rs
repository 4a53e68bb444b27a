//! What is reported: listed as the board shows it, followed by its id, filed like on the public form.

use std::net::IpAddr;

use axum::http::StatusCode;
use db::Tx;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Object, ObjectBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::issues::{categories, file, named_place, place_of};
use super::super::once::Once;
use super::{Answer, Fault, Jurisdiction, Said, jurisdiction, value};
use crate::access::{Act, Tenant, Token, TokenScope, token as tokens};
use crate::app::App;
use crate::error::Error;
use crate::issue::{self, Category, Issue, Source, spaced};
use crate::settings::{self, Setting};
use crate::web::{Form, show};

/// The standard's own limits of a query: 90 days, 1000 requests.
const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);
const MOST: i64 = 1000;
/// So many ids are looked at in one query.
const MOST_IDS: usize = 50;

/// Whether clients may file without a token.
#[derive(Debug, Clone, Deserialize)]
struct Rules {
    without_token: String,
}

impl Setting for Rules {
    const NAME: &'static str = "interface.open311";
}

/// An issue as the standard has it told: public words, no coordinates, nobody's name.
#[derive(Serialize, ToSchema)]
pub struct ServiceRequest {
    service_request_id: Uuid,
    #[schema(schema_with = statuses)]
    status: &'static str,
    status_notes: &'static str,
    service_name: &'static str,
    #[schema(schema_with = categories)]
    service_code: &'static str,
    description: String,
    agency_responsible: Option<String>,
    service_notice: Option<String>,
    #[schema(format = DateTime)]
    requested_datetime: String,
    #[schema(format = DateTime)]
    updated_datetime: String,
    #[schema(format = DateTime)]
    expected_datetime: Option<String>,
    address: String,
    address_id: Option<String>,
    zipcode: Option<String>,
    lat: Option<f64>,
    long: Option<f64>,
    media_url: Option<String>,
}

fn statuses() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["open", "closed"])).build()
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct CreatedRequest {
    service_request_id: Uuid,
    /// The number and the receipt code, which is the reporter's.
    service_notice: String,
    account_id: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct RequestOfToken {
    service_request_id: Uuid,
    token: Uuid,
}

impl ServiceRequest {
    fn of(issue: &Issue) -> ServiceRequest {
        let open = issue.state.open();
        ServiceRequest {
            service_request_id: issue.id,
            status: if open { "open" } else { "closed" },
            status_notes: issue.state.label(),
            service_name: issue.category.label(),
            service_code: issue.category.code(),
            description: issue.title(),
            agency_responsible: issue.organisation_name.clone(),
            service_notice: None,
            requested_datetime: show::iso(&issue.reported_at),
            updated_datetime: show::iso(&issue.changed_at),
            expected_datetime: open.then(|| show::iso(&issue.due_at)),
            address: issue.place(),
            address_id: None,
            zipcode: None,
            lat: None,
            long: None,
            media_url: None,
        }
    }
}

/// What a list can be narrowed by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // read field by field, since clients say more than a server need know
pub struct RequestFilter {
    /// Ids with commas between; whatever else is asked does not count then.
    service_request_id: Option<String>,
    /// Codes with commas between.
    service_code: Option<String>,
    /// `open`, `closed`, or both with a comma between.
    status: Option<String>,
    /// From when on it was reported; at most 90 days before `end_date`.
    #[param(format = DateTime)]
    start_date: Option<String>,
    #[param(format = DateTime)]
    end_date: Option<String>,
}

/// A moment as the standard has it written; a day is its beginning.
fn moment(said: &Said, name: &str) -> Result<Option<Timestamp>, Fault> {
    let Some(text) = said.get(name) else { return Ok(None) };
    let day = |text: &str| Some(text.parse::<Date>().ok()?.to_zoned_datetime(calendar::shanghai()).ok()?.timestamp());
    let read = text.parse().ok().or_else(|| day(text));
    let wrong = || Fault::bad(format!("{name} 要写成 2026-11-23T09:00:00+08:00 这样"));
    Ok(Some(read.ok_or_else(wrong)?))
}

fn later(at: Timestamp, long: SignedDuration) -> Result<Timestamp, Fault> {
    at.checked_add(long).map_err(|_| Fault::bad("start_date 或 end_date 太远"))
}

/// From when until when requests are asked for: 90 days at most.
fn span(said: &Said, now: Timestamp) -> Result<(Timestamp, Timestamp), Fault> {
    let (start, end) = match (moment(said, "start_date")?, moment(said, "end_date")?) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => (start, now.min(later(start, LONGEST)?)),
        (None, Some(end)) => (later(end, -LONGEST)?, end),
        (None, None) => (now - LONGEST, now),
    };
    if end.duration_since(start) > LONGEST {
        return Err(Fault::bad("start_date 和 end_date 最多相隔 90 天"));
    }
    Ok((start, end))
}

/// What the board shows of issues, the latest first: a thousand at most, reported within 90 days.
#[utoipa::path(get, path = "/open311/v2/requests.json", operation_id = "open311Requests", tag = "open311",
    params(Jurisdiction, RequestFilter), responses((status = 200, body = Vec<ServiceRequest>)))]
pub(super) async fn list(app: &App, said: &Said) -> Answer {
    let mut tx = app.db.read().await?;
    let tenant = jurisdiction(&mut tx, said).await?;
    let ids = said.list("service_request_id");
    if !ids.is_empty() {
        if ids.len() > MOST_IDS {
            return Err(Fault::bad(format!("一次最多问 {MOST_IDS} 个 service_request_id")));
        }
        let mut found = Vec::new();
        for id in ids {
            match named(&mut tx, &tenant, id).await {
                Ok(issue) => found.push(ServiceRequest::of(&issue)),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        return value(found);
    }
    let (start, end) = span(said, app.means.now())?;
    let categories = said.list("service_code");
    if categories.iter().any(|code| Category::parse(code).is_none()) {
        return Err(Fault::missing("没有这个 service_code"));
    }
    let status = said.list("status");
    if status.iter().any(|status| !matches!(*status, "open" | "closed")) {
        return Err(Fault::bad("status 只有 open 和 closed"));
    }
    let open = match (status.contains(&"open"), status.contains(&"closed")) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    };
    let hanging = issue::hanging(&mut tx, tenant.tenant_id, (start, end), &categories, open, MOST).await?;
    value(hanging.iter().map(ServiceRequest::of).collect::<Vec<_>>())
}

async fn named(tx: &mut Tx, tenant: &Tenant, id: &str) -> Result<Issue, Error> {
    issue::issue(tx, tenant.tenant_id, id.parse().map_err(|_| Error::NotFound)?).await
}

/// How a request stands, for whoever knows its id.
#[utoipa::path(get, path = "/open311/v2/requests/{service_request_id}.json", operation_id = "open311Request", tag = "open311",
    params(("service_request_id" = Uuid, Path), Jurisdiction), responses((status = 200, body = Vec<ServiceRequest>)))]
pub(super) async fn show(app: &App, said: &Said, id: &str) -> Answer {
    let mut tx = app.db.read().await?;
    let tenant = jurisdiction(&mut tx, said).await?;
    value([ServiceRequest::of(&named(&mut tx, &tenant, id).await?)])
}

/// Requests get their ids at once, so that a token is the id itself.
#[utoipa::path(get, path = "/open311/v2/tokens/{token_id}.json", operation_id = "open311Token", tag = "open311",
    params(("token_id" = Uuid, Path), Jurisdiction), responses((status = 200, body = Vec<RequestOfToken>)))]
pub(super) async fn token(app: &App, said: &Said, id: &str) -> Answer {
    let mut tx = app.db.read().await?;
    let tenant = jurisdiction(&mut tx, said).await?;
    let issue = named(&mut tx, &tenant, id).await?;
    value([RequestOfToken { service_request_id: issue.id, token: issue.id }])
}

/// Files an issue. The receipt code is in the notice, for whoever filed and nobody else. The same words with the same `api_key` within ten
/// minutes are answered as they were the first time.
#[utoipa::path(post, path = "/open311/v2/requests.json", operation_id = "open311File", tag = "open311",
    request_body(content(
        (NewRequest = "application/x-www-form-urlencoded"),
        (NewRequest = "multipart/form-data"),
    )),
    responses((status = 201, body = Vec<CreatedRequest>)))]
pub(super) async fn create(app: &App, address: IpAddr, said: &Said) -> Answer {
    let tenant = jurisdiction(&mut app.db.read().await?, said).await?;
    let mut form = form(said)?;
    let token = key(app, &tenant, said).await?;
    let code = said.get("address_id");
    let place = match &token {
        Some(token) => place_of(app, token, code, &mut form).await?,
        None => named_place(app, tenant.tenant_id, code, &mut form).await?,
    };
    let act = Act::resident(tenant.tenant_id, &app.means);
    let new = issue::read_issue(app, &act, Source::Interface, place, &mut form).await?;
    let Some(new) = new else {
        let sentences = form.errors().map(|(name, sentence)| format!("{}：{sentence}", spoken(name))).collect();
        return Err(Fault { status: StatusCode::BAD_REQUEST, sentences });
    };
    if token.is_none() {
        app.posts.check(address)?;
    }
    let words = serde_json::to_string(&said.0).map_err(anyhow::Error::from).map_err(Error::from)?;
    let once = token.as_ref().map(|token| Once::by_words(token, &app.means, &words));
    let filed = file(app, &act, token.as_ref(), new, once.as_ref(), |filed| {
        let receipt = app.link(&format!("/receipts/{}", filed.receipt_code));
        let code = spaced(&filed.receipt_code);
        let notice = format!("已收到，编号 {}。回执码 {code}，凭它在 {receipt} 看全部进度，请自己留好。", filed.number);
        [CreatedRequest { service_request_id: filed.id, service_notice: notice, account_id: None }]
    });
    value(filed.await?)
}

/// Whose token the key is. Without a key the community decides whether anybody may file.
async fn key(app: &App, tenant: &Tenant, said: &Said) -> Result<Option<Token>, Fault> {
    let forbidden = |sentence: &str| Fault::of(StatusCode::FORBIDDEN, sentence);
    if let Some(text) = said.get("api_key") {
        let token = tokens::recognise(&app.db, text, &app.means).await?;
        let token = token.filter(|token| token.tenant == tenant.tenant_id && token.may(TokenScope::IssuesWrite));
        let token = token.ok_or_else(|| forbidden("api_key 不对：写错、到期、作废，或没有登记诉求的权限"))?;
        app.token_requests.take(&token.id).map_err(Error::TooMany)?;
        return Ok(Some(token));
    }
    let rules: Rules = settings::read(&mut app.db.read().await?, tenant.tenant_id, app.means.now()).await?;
    if rules.without_token == "allowed" {
        Ok(None)
    } else {
        Err(forbidden("没有 api_key：这个社区要有令牌才能登记，没有的请在公示栏的网页上反映"))
    }
}

/// The fields of the public form, from what the standard calls them.
fn form(said: &Said) -> Result<Form, Fault> {
    let code = said.get("service_code").ok_or_else(|| Fault::bad("没有写 service_code"))?;
    if Category::parse(code).is_none() {
        return Err(Fault::missing("没有这个 service_code"));
    }
    let coordinates = coordinates(said)?;
    let street = said.get("address_string");
    if coordinates.is_none() && street.is_none() && said.get("address_id").is_none() {
        return Err(Fault::bad("没有写在哪里：address_string、address_id（楼道码）、lat 和 long 至少要有一样"));
    }
    let place = [street.map(str::to_owned), coordinates].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut description = said.get("description").unwrap_or_default().to_owned();
    if let Some(address) = said.get("media_url") {
        description.push_str(&format!("\n图片：{address}"));
    }
    let name = [said.get("last_name"), said.get("first_name")].into_iter().flatten().collect::<String>();
    Ok(Form::filled(&[
        ("category", code),
        ("description", &description),
        ("place_text", &place),
        ("estate", said.get("attribute[estate]").unwrap_or_default()),
        ("name", &name),
        ("phone", said.get("phone").unwrap_or_default()),
    ]))
}

/// Latitude and longitude, in words.
fn coordinates(said: &Said) -> Result<Option<String>, Fault> {
    let (lat, long) = match (said.get("lat"), said.get("long")) {
        (None, None) => return Ok(None),
        (Some(lat), Some(long)) => (lat, long),
        _ => return Err(Fault::bad("lat 和 long 要一起写")),
    };
    let read = |text: &str, most: f64| text.parse::<f64>().ok().filter(|number| number.abs() <= most);
    match (read(lat, 90.0), read(long, 180.0)) {
        (Some(lat), Some(long)) => Ok(Some(format!("（纬度 {lat:.6}，经度 {long:.6}）"))),
        _ => Err(Fault::bad("lat 或 long 不对")),
    }
}

/// What the standard calls a field of the form.
fn spoken(name: &str) -> &str {
    match name {
        "place_text" => "address_string",
        "estate" => "attribute[estate]",
        "name" => "last_name",
        name => name,
    }
}

/// What a client says to file, as the standard names it.
#[derive(utoipa::ToSchema)]
#[allow(dead_code)] // read field by field, since clients say more than a server need know
pub struct NewRequest {
    /// The community's code; needed where there are several.
    jurisdiction_id: Option<String>,
    /// A token with the scope `issues:write`.
    api_key: Option<String>,
    #[schema(schema_with = categories)]
    service_code: String,
    #[schema(min_length = 5, max_length = 1000)]
    description: String,
    /// This, the code on the label of a stairwell (`address_id`), or `lat` and `long`.
    #[schema(max_length = 60)]
    address_string: Option<String>,
    address_id: Option<String>,
    #[schema(minimum = -90, maximum = 90)]
    lat: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    long: Option<f64>,
    /// The key of an estate, from the service definition.
    #[schema(rename = "attribute[estate]")]
    estate: Option<Uuid>,
    first_name: Option<String>,
    last_name: Option<String>,
    phone: Option<String>,
    media_url: Option<String>,
}
