//! The whole program as one router: every slice's routes, and what happens around each request.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequestParts, MatchedPath, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERER, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Router, routing::get};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use db::Db;
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::access::web::LockedViewer;
use crate::access::{self, Act, Bearer, Entry, Link, Need, Permission, Route, Routes, Token, Viewer};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::means::Means;
use crate::metrics::{self, Metrics};
use crate::offline::Recorder;
use crate::outbox::{self, Handlers};
use crate::tally::Tally;
use crate::web::{self, Cookies, Csrf, Form, Limiter, Nav, NavItem, Shell, clear_cookie, set_cookie};
use crate::{
    after_school, api, audit, board, body, channel, community_survey, deployment, duty, hazard, help, issue, lecture,
    mediation, meeting, offline, overview, party, patrol, place, registry, report, service, settings, tally, today,
    venue, visit, volunteer, whistle, work_order,
};

/// What every handler shares.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub means: Means,
    pub config: Arc<Config>,
    /// Forms that are posted without an account.
    pub posts: Arc<Limiter>,
    /// Passwords that are tried, and people who sign in to a meeting.
    pub sign_ins: Arc<Limiter>,
    /// Forms behind a code that a whole hall uses at once, from one address: by what the code is of, and what for.
    pub crowds: Arc<Limiter<(uuid::Uuid, &'static str)>>,
    /// Forms behind a link that is somebody's own, or a class's: by whose it is, and what for. Many of them share an address.
    pub links: Arc<Limiter<(uuid::Uuid, &'static str)>>,
    /// Requests of other programs, by their tokens.
    pub token_requests: Arc<Limiter<uuid::Uuid>>,
    pub metrics: Arc<Metrics>,
    /// What pages have told of the work on them and is not written down yet.
    pub tally: Arc<Tally>,
}

impl App {
    /// The signed-in person using a permission, now.
    pub fn act(&self, viewer: &Viewer, permission: Permission) -> Result<Act> {
        Act::by(viewer, permission, &self.means)
    }

    /// A public link to a path of this site.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.config.public_url)
    }

    pub fn secure(&self) -> bool {
        self.config.public_url.starts_with("https:")
    }
}

/// Every route with what it needs.
pub fn routes() -> Routes {
    Routes::default()
        .get("/", Need::Public, home)
        .post("/appearance", Need::Public, set_appearance)
        .merge(today::routes())
        .merge(access::web::routes())
        .merge(audit::web::routes())
        .merge(settings::web::routes())
        .merge(place::routes())
        .merge(overview::routes())
        .merge(report::routes())
        .merge(tally::routes())
        .merge(registry::routes())
        .merge(issue::routes())
        .merge(api::routes())
        .merge(board::routes())
        .merge(party::routes())
        .merge(body::routes())
        .merge(channel::routes())
        .merge(venue::routes())
        .merge(duty::routes())
        .merge(deployment::routes())
        .merge(lecture::routes())
        .merge(help::routes())
        .merge(whistle::routes())
        .merge(mediation::routes())
        .merge(community_survey::routes())
        .merge(meeting::routes())
        .merge(offline::routes())
        .merge(outbox::web::routes())
        .merge(visit::routes())
        .merge(volunteer::routes())
        .merge(after_school::routes())
        .merge(service::routes())
        .merge(hazard::routes())
        .merge(patrol::routes())
        .merge(work_order::routes())
}

/// The table that the permission test walks.
pub fn route_table() -> Vec<Route> {
    routes().into_parts().1
}

/// What is done with the messages of the outbox, by topic.
pub fn handlers() -> Handlers {
    Handlers::from([
        (registry::import::TOPIC, registry::import::handler()),
        (
            registry::erasure::TOPIC,
            outbox::both(
                visit::erasure::handler(),
                outbox::both(
                    party::register::erased(),
                    outbox::both(
                        volunteer::register::erased(),
                        outbox::both(after_school::help::erased(), service::erasure::erased()),
                    ),
                ),
            ),
        ),
        (
            registry::life::MERGED,
            outbox::both(
                party::register::merged(),
                outbox::both(
                    volunteer::register::merged(),
                    outbox::both(after_school::help::merged(), service::erasure::merged()),
                ),
            ),
        ),
        (volunteer::FORGOTTEN, service::erasure::volunteer_forgotten()),
        (issue::reminder::TOPIC, channel::reminder::handler()),
        (whistle::letter::TOPIC, whistle::letter::handler()),
        (duty::CALLED, duty::called()),
        (issue::STEPPED, channel::hook::issue_handler()),
        (lecture::sharing::TOPIC, lecture::sharing::handler()),
        (lecture::sharing::WITHDRAWN, lecture::sharing::withdrawal_handler()),
        (board::POSTED, channel::hook::publication_handler()),
        (duty::PLAN, duty::plan_handler()),
        (duty::CANCELLED, duty::cancelled_handler()),
    ])
}

/// What is done with the records that phones send, by kind.
pub fn recorder(kind: &str) -> Option<Recorder> {
    match kind {
        visit::KIND => Some(visit::RECORDER),
        after_school::KIND => Some(after_school::RECORDER),
        _ => None,
    }
}

/// What a phone takes along besides its doors, by name.
pub async fn more_to_take(app: &App, viewer: &Viewer) -> Result<Value> {
    Ok(json!({ "sessions": after_school::take_along(app, viewer).await? }))
}

pub fn router(app: App) -> Router {
    let (router, _) = routes().into_parts();
    router
        .fallback(|| async { Error::NotFound })
        .layer(from_fn_with_state(app.clone(), surround))
        .layer(CatchPanicLayer::custom(|_| Error::Internal(anyhow::anyhow!("a handler panicked")).into_response()))
        // Neither the probes nor the assets need to know who asks.
        .route("/api/openapi.json", get(openapi))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::show))
        .route("/assets/{version}/{*name}", get(web::serve_asset))
        // A film is small already, and a player that looks for a place in it needs its bytes as they are.
        .layer(
            CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::const_new("video/"))),
        )
        .layer(DefaultBodyLimit::max(web::MULTIPART_LIMIT_MB << 20))
        .with_state(app)
}

/// The description of the interface for programs.
async fn openapi() -> axum::Json<utoipa::openapi::OpenApi> {
    axum::Json(api::document())
}

/// Ready when the database answers.
async fn ready(State(app): State<App>) -> std::result::Result<&'static str, StatusCode> {
    let answer = async { access::tenants(&mut app.db.read().await?).await };
    answer.await.map(|_| "ready").map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

/// The address that a request comes from, seen through proxies that are trusted.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let address = parts.extensions.get::<ClientAddress>().copied();
        address.ok_or_else(|| Error::Internal(anyhow::anyhow!("a request without an address")))
    }
}

impl<S: Sync> FromRequestParts<S> for Token {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Token>().cloned().ok_or(Error::Unrecognised)
    }
}

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Viewer>().cloned().ok_or(Error::Forbidden)
    }
}

/// The pages of the class after school: on all of them stands, before anything else, that a child was left behind.
const OF_THE_CLASS: [&str; 2] = ["/children", "/class-"];

/// What happens around every request: it gets an id, its cookies are recognised, the page its shell, the answer its headers.
async fn surround(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = std::time::Instant::now();
    let request_id = app.means.chance.code(10);
    let method = request.method().clone();
    // The pattern, never the path: paths hold receipt codes and links.
    let pattern = request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());

    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    if let Some(peer) = peer {
        let address = forwarded(&request, peer, &app.config.trusted_proxies);
        request.extensions_mut().insert(ClientAddress(address));
    }
    let cookies = Cookies(request.headers());
    let browser = cookies.get("browser").filter(|value| value.len() == 22);
    let link = cookies.get("session").and_then(|value| value.parse::<Link>().ok());
    let mut shell = Shell {
        community: "家门口".to_owned(),
        path: request.uri().path().to_owned(),
        mode: cookies.get("mode").filter(|mode| mode == "elder").unwrap_or_default(),
        size: cookies.get("size").filter(|size| matches!(size.as_str(), "26" | "30")).unwrap_or_default(),
        flash: cookies.get("flash").filter(|flash| !flash.is_empty()),
        request_id: request_id.clone(),
        ..Shell::default()
    };
    let flashed = shell.flash.is_some();
    let known = browser.is_some();
    let browser = browser.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(app.means.chance.bytes::<16>()));
    shell.csrf = URL_SAFE_NO_PAD.encode(app.means.keys.sign("csrf", browser.as_bytes()));
    request.extensions_mut().insert(Csrf(shell.csrf.clone()));

    let mut stranger = false;
    if let Some(link) = link {
        match access::recognise(&app.db, &link, &app.means).await {
            Ok(Entry::Open(viewer)) => {
                shell.community.clone_from(&viewer.tenant_name);
                shell.community_code.clone_from(&viewer.tenant_code);
                shell.viewer = Some(access::web::shown(&viewer));
                shell.nav = navigation(&viewer);
                if OF_THE_CLASS.iter().any(|pages| shell.path.starts_with(pages)) {
                    shell.alarms = after_school::alarms(&app.db, &viewer).await.unwrap_or_else(|error| {
                        tracing::error!(?error, request_id, "the alarms of the class could not be read");
                        Vec::new()
                    });
                }
                request.extensions_mut().insert(viewer);
            }
            Ok(Entry::Locked(viewer)) => drop(request.extensions_mut().insert(LockedViewer(viewer))),
            Ok(Entry::Stranger) => stranger = true,
            Err(error) => tracing::error!(?error, request_id, "a session could not be looked up"),
        }
    }
    let for_program = ["/api/", "/open311/"].iter().any(|folder| request.uri().path().starts_with(folder));
    if for_program && let Some(bearer) = bearer(&app, request.headers()).await {
        request.extensions_mut().insert(bearer);
    }
    let signed_in = shell.viewer.is_some();
    request.extensions_mut().insert(shell.clone());

    let mut response = web::dress_failures(shell, request, next).await;
    let status = response.status().as_u16();
    let took = began.elapsed();
    app.metrics.answered(&method, &pattern, status, took);
    let millis = took.as_millis() as u64;
    tracing::info!(request_id, %method, pattern, status, millis, "request");

    let headers = response.headers_mut();
    for (name, value) in [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' blob: data:; worker-src 'self'; manifest-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("permissions-policy"), "geolocation=(), microphone=(), camera=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if signed_in || !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    if !known && !for_program {
        headers.append(SET_COOKIE, set_cookie("browser", &browser, "/", 365 * 86_400, app.secure()));
    }
    if flashed && status < 300 {
        headers.append(SET_COOKIE, clear_cookie("flash", "/"));
    }
    // A sign-in that came with an old cookie has just set a new one, which must not be cleared again.
    let signs_in = headers.get_all(SET_COOKIE).iter().any(|cookie| cookie.as_bytes().starts_with(b"session="));
    if stranger && !signs_in {
        headers.append(SET_COOKIE, clear_cookie("session", "/"));
    }
    response
}

/// Whose token a request brings, if it brings any.
async fn bearer(app: &App, headers: &HeaderMap) -> Option<Bearer> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok().unwrap_or_default();
    let Some(text) = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) else {
        return Some(Bearer::Stranger);
    };
    Some(match access::token::recognise(&app.db, text.1, &app.means).await {
        Ok(Some(token)) => match app.token_requests.take(&token.id) {
            Ok(()) => Bearer::Known(token),
            Err(seconds) => Bearer::TooOften(seconds),
        },
        Ok(None) => Bearer::Stranger,
        Err(error) => {
            tracing::error!(?error, "a token could not be looked up");
            Bearer::Unknown
        }
    })
}

/// The nearest address that is not one of our own proxies.
fn forwarded(request: &Request, peer: IpAddr, trusted: &[IpAddr]) -> IpAddr {
    if !trusted.contains(&peer) {
        return peer;
    }
    let headers = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        headers.flat_map(|header| header.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    hops.into_iter().rev().find(|hop| !trusted.contains(hop)).unwrap_or(peer)
}

/// What somebody may go to. The first group is the tabs of a phone.
fn navigation(viewer: &Viewer) -> Vec<Nav> {
    let board = format!("/board/{}", viewer.tenant_code);
    let item = |may: bool, href: &str, icon, label| may.then(|| NavItem { href: href.to_owned(), icon, label });
    let may = |permission| viewer.may(permission);
    use Permission::*;
    // Five tabs fit under a thumb; what comes after them goes onto the sheet.
    const TABS: usize = 5;
    let mut tabs: Vec<NavItem> = [
        item(true, "/today", "today", "今日"),
        item(may(DutyRead), "/duty", "pin", "护学岗"),
        item(may(HazardRead), "/hazards", "alert", "隐患"),
        item(may(HazardRead), "/hazard-rounds", "search", "排查"),
        item(may(DutyPlan), "/duty-rosters", "log", "排班"),
        item(may(DutyRead), "/duty-schools", "building", "学校"),
        item(may(DutyRead), "/duty-people", "people", "人员"),
        item(may(DutyRead), "/deployment-plans", "board", "部署方案"),
        item(may(LectureRead), "/lectures", "meeting", "法治课"),
        item(may(LectureRead), "/lecture-schools", "building", "学校"),
        item(may(LectureRead), "/lecturers", "people", "讲师"),
        item(may(LectureRead), "/lecture-materials", "upload", "课件"),
        item(may(IssueRead), "/issues", "issue", "诉求"),
        item(may(IssueSurvey), "/surveys", "survey", "测评"),
        item(may(VisitRecord), "/campaigns", "door", "敲门"),
        item(may(MeetingRead), "/meetings", "meeting", "议事"),
        item(may(ResidentRead), "/residents", "people", "居民"),
        item(may(PartyRead), "/party", "flag", "党建"),
        item(may(PlaceRead), "/estates", "building", "楼栋"),
        item(may(AccountManage), "/accounts", "account", "账号"),
        item(may(AuditRead), "/audit", "log", "审计记录"),
        item(may(DutyRead), "/patrols", "flag", "巡逻"),
        item(may(SettingRead) && !may(IssueRead), "/settings", "settings", "参数"),
        item(may(CounterpartManage), "/counterparts", "building", "上下级对接"),
        item(may(OutboxManage), "/outbox", "alert", "后台"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let more = [
        item(may(RegistryImport), "/imports", "upload", "导入登记表"),
        item(may(PublicationManage), "/publications", "board", "公示"),
        item(may(ReportRead), "/reports", "log", "报表"),
        item(may(WorkOrderHandle), "/work-orders", "phone", "12345 工单"),
        item(may(MediationWork), "/mediations", "people", "调解"),
        item(may(CommunitySurveyRead), "/community-surveys", "survey", "满意度调查"),
        item(may(CommunitySurveyAsk), "/community-surveys/doors", "survey", "满意度调查"),
        item(may(VolunteerRead), "/volunteers", "people", "志愿者"),
        item(may(VolunteerRead), "/activities", "today", "志愿服务活动"),
        item(may(VolunteerRead), "/law-materials", "upload", "普法材料"),
        item(may(ChildManage), "/class-sessions", "today", "四点半的课"),
        item(may(ServiceFile), "/services", "door", "为民服务"),
        item(may(ChildManage), "/children", "people", "七彩四点半"),
        item(may(LectureRead), "/lecture-quizzes", "survey", "题库"),
        item(may(LectureRead), "/lecture-balance", "pin", "接着去哪里讲"),
        item(may(LectureRead), "/lecture-summary", "log", "法治课情况"),
        item(may(ConfidenceManage), "/lecture-confidences", "bell", "学生的求助"),
        item(may(VenueBook), "/venues", "building", "场地"),
        item(may(WhistleHandle), "/whistles", "bell", "吹哨报到"),
        item(may(IssueRead) && !may(PublicationManage), &board, "board", "公示栏"),
        item(may(ChannelManage), "/channels", "bell", "通知渠道"),
        item(may(SettingRead) && may(IssueRead), "/settings", "settings", "参数"),
        item(may(InterfaceManage), "/tokens", "lock", "接口令牌"),
        item(may(InterfaceApprove), "/tokens/approvals", "lock", "批准接口令牌"),
    ];
    let more = tabs.split_off(tabs.len().min(TABS)).into_iter().chain(more.into_iter().flatten()).collect();
    let groups = [Nav { title: "", items: tabs }, Nav { title: "更多", items: more }];
    groups.into_iter().filter(|group| !group.items.is_empty()).collect()
}

/// Whoever is signed in goes to work, by way of the PIN where a phone was put down; everybody else to the communities' boards.
async fn home(
    State(app): State<App>,
    locked: Option<Extension<LockedViewer>>,
    headers: HeaderMap,
    shell: Shell,
) -> Result<Response> {
    if locked.is_some() {
        return Ok(Redirect::to("/unlock").into_response());
    }
    // Somebody was at a door when they were asked to sign in.
    if shell.viewer.is_some() && Cookies(&headers).get("back").as_deref() == Some("/doors") {
        let cookie = axum::response::AppendHeaders([(SET_COOKIE, clear_cookie("back", "/"))]);
        return Ok((cookie, Redirect::to("/doors")).into_response());
    }
    if let Some(first) = shell.nav.first().and_then(|group| group.items.first()) {
        return Ok(Redirect::to(&first.href).into_response());
    }
    board::home(&app, shell).await
}

/// Changes the size of the text, and goes back to the page that asked.
async fn set_appearance(State(app): State<App>, request: Request) -> Result<Response> {
    let referer = request.headers().get(REFERER).and_then(|value| value.to_str().ok());
    let back = referer.and_then(|referer| referer.parse::<axum::http::Uri>().ok());
    let back = back.map_or("/".to_owned(), |uri| format!("/{}", uri.path().trim_start_matches('/')));
    let form = <Form as axum::extract::FromRequest<()>>::from_request(request, &()).await?;
    let year = 365 * 86_400;
    let mode = set_cookie("mode", form.value("mode"), "/", year, app.secure());
    let size = set_cookie("size", form.value("size"), "/", year, app.secure());
    let cookies = axum::response::AppendHeaders([(SET_COOKIE, mode), (SET_COOKIE, size)]);
    Ok((cookies, Redirect::to(&back)).into_response())
}
