use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use db::{Cursor, Tx};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Object, ObjectBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asked::{Asked, Said};
use super::once::Once;
use crate::access::{Act, Role, Routes, Token, TokenScope};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::{
    self, Category, ChainLink, Followed, Issue, NewIssue, Place, Source, Standing, State as Stage, Step, Tier,
};
use crate::place;
use crate::web::Form;

pub fn routes() -> Routes {
    Routes::default()
        .get("/api/v1/issues", TokenScope::IssuesRead, list)
        .post("/api/v1/issues", TokenScope::IssuesWrite, create)
        .get("/api/v1/issues/{id}", TokenScope::IssuesRead, show)
        .get("/api/v1/issues/{id}/events", TokenScope::IssuesInternal, events)
        .get("/api/v1/issues/{id}/reporter", TokenScope::IssuesReporter, reporter)
}

/// The codes of a set of choices, as a schema.
macro_rules! codes {
    ($($name:ident of $choices:ty),+) => {$(
        pub(super) fn $name() -> Object {
            let codes = <$choices>::ALL.iter().map(|choice| choice.code());
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).build()
        }
    )+};
}
codes!(states of Stage, categories of Category, sources of Source, steps of Step, roles of Role);

fn tiers() -> Object {
    let codes = Tier::ALL.iter().map(|tier| serde_json::json!(tier.code())).chain([serde_json::Value::Null]);
    let either = utoipa::openapi::schema::SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new().schema_type(either).enum_values(Some(codes)).build()
}

/// An issue as everybody may see it: public words, never who reported it.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssueSummary {
    id: Uuid,
    #[schema(pattern = "^SSYS-[0-9]{8}-[0-9]{4,}$")]
    number: String,
    title: String,
    /// Down to the stairwell, never a room.
    place: String,
    estate_id: Option<Uuid>,
    building_id: Option<Uuid>,
    #[schema(schema_with = categories)]
    category: &'static str,
    #[schema(schema_with = sources)]
    source: &'static str,
    #[schema(schema_with = tiers)]
    tier: Option<&'static str>,
    #[schema(schema_with = states)]
    state: &'static str,
    state_label: &'static str,
    /// The organisation that is responsible now.
    responsible: Option<String>,
    /// How often it has been worked on: grows with every reopening.
    #[schema(minimum = 1)]
    round: i64,
    /// The issue that it was joined to, which goes on for both.
    merged_into: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    reported_at: Timestamp,
    /// When the last step was entered. Lists are in this order.
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// When the next step is due; null when nothing is left to do.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    overdue: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl IssueSummary {
    fn of(issue: &Issue, now: Timestamp) -> IssueSummary {
        let due_at = issue.state.open().then_some(issue.due_at);
        IssueSummary {
            id: issue.id,
            number: issue.number.clone(),
            title: issue.title(),
            place: issue.place(),
            estate_id: issue.estate_id,
            building_id: issue.building_id,
            category: issue.category.code(),
            source: issue.source.code(),
            tier: issue.tier.map(Tier::code),
            state: issue.state.code(),
            state_label: issue.state.label(),
            responsible: issue.organisation_name.clone(),
            round: issue.round,
            merged_into: issue.merged_into,
            reported_at: issue.reported_at,
            changed_at: issue.changed_at,
            due_at,
            overdue: due_at.is_some_and(|due| due < now),
            ended_at: issue.ended_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IssueList {
    items: Vec<IssueSummary>,
    /// What `after` has to be for the next page; null on the last one.
    #[schema(pattern = "^-?[0-9]+[.][0-9a-f]{32}$")]
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct IssueFilter {
    #[param(schema_with = states, required = false)]
    state: Option<String>,
    #[param(schema_with = categories, required = false)]
    category: Option<String>,
    estate: Option<Uuid>,
    /// Only what has changed since. A step is seen when its transaction has ended, so ask again with some minutes' overlap.
    #[param(value_type = Option<String>, format = DateTime)]
    updated_since: Option<Timestamp>,
    /// `next` of the page before.
    #[param(pattern = "^-?[0-9]+[.][0-9a-f]{32}$")]
    after: Option<String>,
    /// So many at most; 50 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// The page that a query asks for: where it begins, and how long it is.
pub(super) fn page_of(after: Option<&str>, limit: Option<usize>, first: Cursor) -> Result<(Cursor, usize)> {
    let size = limit.unwrap_or(50);
    if !(1..=200).contains(&size) {
        return Err(Error::refused("参数 limit 要在 1 到 200 之间"));
    }
    let wrong = |()| Error::refused("参数 after 不对，请照抄上一页的 next");
    Ok((after.map_or(Ok(first), |after| after.parse().map_err(wrong))?, size))
}

/// A choice by its code.
fn chosen<T>(name: &str, code: Option<&str>, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
    let unknown = |code| Error::refused(format!("参数 {name} 没有“{code}”这个取值"));
    code.map(|code| parse(code).ok_or_else(|| unknown(code))).transpose()
}

/// The estate that a token may ask for; not there, if it is another.
pub(super) fn estate_of(token: &Token, asked: Option<Uuid>) -> Result<Option<Uuid>> {
    match (token.estate, asked) {
        (Some(own), Some(asked)) if own != asked => Err(Error::NotFound),
        (own, asked) => Ok(own.or(asked)),
    }
}

/// Issues in the order in which they have changed.
#[utoipa::path(get, path = "/api/v1/issues", operation_id = "listIssues", tag = "issues", params(IssueFilter),
    responses((status = 200, body = IssueList)), security(("token" = ["issues:read"])))]
async fn list(State(app): State<App>, token: Token, Asked(asked): Asked<IssueFilter>) -> Result<Json<IssueList>> {
    let since = asked.updated_since.map_or(i64::MIN, |since| since.as_millisecond().saturating_sub(1));
    let (after, size) = page_of(asked.after.as_deref(), asked.limit, Cursor { key: since, id: Uuid::max() })?;
    let followed = Followed {
        estate: estate_of(&token, asked.estate)?,
        state: chosen("state", asked.state.as_deref(), Stage::parse)?,
        category: chosen("category", asked.category.as_deref(), Category::parse)?,
    };
    let page = issue::changed(&mut app.db.read().await?, token.tenant, &followed, after, size).await?;
    let now = app.means.now();
    let items = page.items.iter().map(|issue| IssueSummary::of(issue, now)).collect();
    Ok(Json(IssueList { items, next: page.next.map(|cursor| cursor.to_string()) }))
}

/// A step of an issue, taken or missing or still to come, as its receipt shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChainStep {
    #[schema(schema_with = steps)]
    step: &'static str,
    title: String,
    standing: Standing,
    /// The role or organisation that acted; never a person.
    actor: Option<String>,
    words: Vec<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
}

impl From<ChainLink> for ChainStep {
    fn from(link: ChainLink) -> ChainStep {
        let ChainLink { step, title, standing, actor, words, at, due_at, .. } = link;
        ChainStep { step, title, standing, actor, words, at, due_at }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct IssueWithChain {
    issue: IssueSummary,
    chain: Vec<ChainStep>,
}

async fn found(tx: &mut Tx, token: &Token, id: &str) -> Result<Issue> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let issue = issue::issue(tx, token.tenant, id).await?;
    if token.reaches(issue.estate_id) { Ok(issue) } else { Err(Error::NotFound) }
}

/// One issue with its public chain.
#[utoipa::path(get, path = "/api/v1/issues/{id}", operation_id = "getIssue", tag = "issues", params(("id" = Uuid, Path)),
    responses((status = 200, body = IssueWithChain)), security(("token" = ["issues:read"])))]
async fn show(State(app): State<App>, token: Token, Path(id): Path<String>) -> Result<Json<IssueWithChain>> {
    let mut tx = app.db.read().await?;
    let issue = found(&mut tx, &token, &id).await?;
    let receipt = issue::receipt_of(&mut tx, &app, token.tenant, &issue).await?;
    let chain = receipt.chain.into_iter().map(ChainStep::from).collect();
    Ok(Json(IssueWithChain { issue: IssueSummary::of(&issue, app.means.now()), chain }))
}

/// A step as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct InternalEvent {
    #[schema(minimum = 1)]
    position: i64,
    #[schema(minimum = 1)]
    round: i64,
    #[schema(schema_with = steps)]
    step: &'static str,
    step_label: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// By when it should have been taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    #[schema(schema_with = roles)]
    role: &'static str,
    organisation: Option<String>,
    note: String,
    internal_note: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InternalChain {
    id: Uuid,
    /// The reporter's own words, which are never public.
    description: String,
    place_text: String,
    events: Vec<InternalEvent>,
}

/// The reporter's own words and every step with what staff have noted. Each look is noted in the audit log.
#[utoipa::path(get, path = "/api/v1/issues/{id}/events", operation_id = "listIssueEvents", tag = "issues", params(("id" = Uuid, Path)),
    responses((status = 200, body = InternalChain)), security(("token" = ["issues:internal"])))]
async fn events(State(app): State<App>, token: Token, Path(id): Path<String>) -> Result<Json<InternalChain>> {
    let mut tx = app.db.begin().await?;
    let issue = found(&mut tx, &token, &id).await?;
    let events = issue::events(&mut tx, token.tenant, issue.id).await?;
    token.note(&mut tx, &app.means, "read_internal", &issue.number).await?;
    tx.commit().await?;
    let events = events.into_iter().map(|event| InternalEvent {
        position: event.position,
        round: event.round,
        step: event.kind.code(),
        step_label: event.kind.label(),
        at: event.at,
        due_at: event.due_at,
        role: event.role.code(),
        organisation: event.organisation_name,
        note: event.note,
        internal_note: event.internal_note,
    });
    let (description, place_text) = (issue.description, issue.place_text);
    Ok(Json(InternalChain { id: issue.id, description, place_text, events: events.collect() }))
}

/// Who reported, masked; both null if they left neither.
#[derive(Debug, Serialize, ToSchema)]
pub struct MaskedReporter {
    /// `王**`
    name: Option<String>,
    /// `138****1234`
    phone: Option<String>,
}

/// Who reported an issue, masked. Each look is noted in the audit log.
#[utoipa::path(get, path = "/api/v1/issues/{id}/reporter", operation_id = "getIssueReporter", tag = "issues", params(("id" = Uuid, Path)),
    responses((status = 200, body = MaskedReporter)), security(("token" = ["issues:reporter"])))]
async fn reporter(State(app): State<App>, token: Token, Path(id): Path<String>) -> Result<Json<MaskedReporter>> {
    let mut tx = app.db.begin().await?;
    let issue = found(&mut tx, &token, &id).await?;
    token.note(&mut tx, &app.means, "read_reporter", &issue.number).await?;
    tx.commit().await?;
    let masked = issue::masked_reporter(&token.act(&app.means), issue.reporter_sealed.as_deref())?.unwrap_or_default();
    let left = |text: String| (!text.is_empty()).then_some(text);
    Ok(Json(MaskedReporter { name: left(masked.name), phone: left(masked.phone) }))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueToFile {
    /// What it is about, without phone or identity numbers.
    #[schema(min_length = 5, max_length = 1000)]
    description: String,
    /// `other` if nothing is said.
    #[schema(schema_with = categories, required = false)]
    category: Option<String>,
    /// Where it is: a building, an estate, the stairwell whose label has this code, or nowhere in particular.
    building_id: Option<Uuid>,
    estate_id: Option<Uuid>,
    #[schema(max_length = 40)]
    place_code: Option<String>,
    /// Where exactly.
    #[schema(max_length = 60)]
    place_text: Option<String>,
    reporter: Option<NewReporter>,
}

/// Who reports; kept sealed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReporter {
    #[schema(max_length = 30)]
    name: Option<String>,
    /// A mobile or landline number of mainland China.
    #[schema(max_length = 40)]
    phone: Option<String>,
}

/// What whoever filed is given, and nobody else.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FiledIssue {
    id: Uuid,
    #[schema(pattern = "^SSYS-[0-9]{8}-[0-9]{4,}$")]
    number: String,
    /// With this anybody can look at the whole chain; it is the reporter's.
    #[schema(pattern = "^[0-9A-Z]{12}$")]
    receipt_code: String,
    #[schema(format = "uri")]
    receipt_url: String,
    /// By this link the reporter alone rates, once.
    #[schema(format = "uri")]
    rating_url: String,
}

impl IssueToFile {
    /// The same fields as on the public form, so that the same rules hold.
    fn form(&self) -> Form {
        let mut form = Form::filled(&[("description", &self.description)]);
        let reporter = self.reporter.as_ref();
        let texts = [
            ("category", self.category.clone()),
            ("building", self.building_id.map(|id| id.to_string())),
            ("estate", self.estate_id.map(|id| id.to_string())),
            ("place_text", self.place_text.clone()),
            ("name", reporter.and_then(|reporter| reporter.name.clone())),
            ("phone", reporter.and_then(|reporter| reporter.phone.clone())),
        ];
        for (name, text) in texts {
            form.set(name, text.unwrap_or_default());
        }
        form
    }
}

/// Files an issue for a resident. The same request under the same `Idempotency-Key` is answered as it was the first time, for a day.
#[utoipa::path(post, path = "/api/v1/issues", operation_id = "fileIssue", tag = "issues", request_body = IssueToFile, params(FilingHeaders),
    responses((status = 201, body = FiledIssue, headers(("location" = String, description = "Where the issue can be read")))),
    security(("token" = ["issues:write"])))]
async fn create(
    State(app): State<App>,
    token: Token,
    headers: HeaderMap,
    Said(said): Said<IssueToFile>,
) -> Result<impl IntoResponse + use<>> {
    let once = match headers.get("idempotency-key") {
        Some(key) => {
            let words = serde_json::to_string(&said).map_err(anyhow::Error::from)?;
            Some(Once::by_key(&token, &app.means, key.to_str().unwrap_or_default(), &words)?)
        }
        None => None,
    };
    let mut form = said.form();
    let place = place_of(&app, &token, said.place_code.as_deref(), &mut form).await?;
    let act = token.act(&app.means);
    let new = issue::read_issue(&app, &act, Source::Interface, place, &mut form).await?;
    let Some(new) = new else { return Err(Error::refused(wrong(&form))) };
    let filed = file(&app, &act, Some(&token), new, once.as_ref(), |filed: issue::Filed| {
        let receipt_url = app.link(&format!("/receipts/{}", filed.receipt_code));
        let rating_url = app.link(&format!("/ratings/{}", filed.rating_link));
        let issue::Filed { id, number, receipt_code, .. } = filed;
        FiledIssue { id, number, receipt_code, receipt_url, rating_url }
    });
    let filed = filed.await?;
    let location = format!("/api/v1/issues/{}", filed.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(filed)))
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // read from the headers, which say more
pub struct FilingHeaders {
    /// Any text that the program gives no other request, such as a UUID.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    idempotency_key: Option<String>,
}

/// Where it is, within the reach of the token.
pub(super) async fn place_of(app: &App, token: &Token, code: Option<&str>, form: &mut Form) -> Result<Place> {
    let place = named_place(app, token.tenant, code, form).await?;
    match (&place, token.estate) {
        (_, None) => Ok(place),
        (Place::Spot(spot), Some(own)) if spot.estate_id == own => Ok(place),
        (Place::Estate { id, .. }, Some(own)) if *id == own => Ok(place),
        (Place::Community, Some(own)) => {
            form.set("estate", own.to_string());
            issue::chosen_place(app, token.tenant, form).await
        }
        _ => Err(Error::refused("这个令牌只能登记它那个小区的诉求")),
    }
}

/// The place that a form names, or that the code of a label stands for.
pub(super) async fn named_place(app: &App, tenant: Uuid, code: Option<&str>, form: &mut Form) -> Result<Place> {
    let code = code.map(|code| code.replace('\0', "")).filter(|code| !code.trim().is_empty());
    let Some(code) = code else {
        let place = issue::chosen_place(app, tenant, form).await;
        return place.map_err(|error| match error {
            Error::NotFound => Error::refused("没有这个小区或楼栋"),
            error => error,
        });
    };
    let found = place::spot_by_code(&mut app.db.read().await?, &code).await?;
    let (_, spot) = found.filter(|(owner, _)| *owner == tenant).ok_or_else(|| Error::refused("没有这个楼道码"))?;
    Ok(Place::Spot(spot))
}

/// Files an issue and says so, or says again what was said when the same request came before.
pub(super) async fn file<T: Serialize + DeserializeOwned>(
    app: &App,
    act: &Act,
    token: Option<&Token>,
    new: NewIssue,
    once: Option<&Once>,
    answer: impl FnOnce(issue::Filed) -> T,
) -> Result<T> {
    let mut tx = app.db.begin().await?;
    if let Some(once) = once
        && let Some(before) = once.answered(&mut tx, act).await?
    {
        return Ok(serde_json::from_str(&before).map_err(anyhow::Error::from)?);
    }
    let filed = issue::file(&mut tx, act, new).await?;
    if let Some(token) = token {
        token.note(&mut tx, &app.means, "file_by_token", &filed.number).await?;
    }
    let answer = answer(filed);
    if let Some(once) = once {
        once.keep(&mut tx, act, &serde_json::to_string(&answer).map_err(anyhow::Error::from)?).await?;
    }
    tx.commit().await?;
    Ok(answer)
}

/// Everything that is wrong in a form, in one sentence.
pub(super) fn wrong(form: &Form) -> String {
    form.errors().map(|(name, sentence)| format!("{name}：{sentence}")).collect::<Vec<_>>().join("；")
}
