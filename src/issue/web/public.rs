//! What residents use without an account: report, follow, add, rate.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::Read;
use crate::access::{self, Act, Link, Need, Routes, Tenant};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::issue::filing::{self, Filed, NewIssue, Place, Reporter};
use crate::issue::model::{Category, Score, Solved, Source, State as IssueState, number_in};
use crate::issue::receipt::{self, Receipt};
use crate::issue::{closure, store};
use crate::photo;
use crate::place::{self, Spot};
use crate::web::{Cookies, Form, Shell, page, page_again, qr, redirect, set_cookie, show};

pub fn routes() -> Routes {
    Routes::default()
        .get("/r/{place_code}", Need::Public, new_at_spot)
        .post("/r/{place_code}", Need::Public, create_at_spot)
        .get("/board/{code}/report", Need::Public, new_in_community)
        .post("/board/{code}/report", Need::Public, create_in_community)
        .get("/receipts", Need::Public, ask_code)
        .post("/receipts", Need::Public, look_up)
        .get("/receipts/{code}", Need::Public, show_receipt)
        .get("/receipts/{code}/filed", Need::Public, show_filed)
        .get("/receipts/{code}/photos/{photo}", Need::Public, show_photo)
        .post("/receipts/{code}/supplements", Need::Public, supplement)
        .post("/receipts/{code}/withdrawal", Need::Public, withdraw)
        .get("/ratings/{link}", Need::Public, new_rating)
        .post("/ratings/{link}", Need::Public, create_rating)
}

pub(super) const MOST_PHOTOS: usize = 6;

pub type Options = Vec<(String, String)>;

pub fn categories() -> Options {
    Category::ALL.iter().map(|category| (category.code().to_owned(), category.label().to_owned())).collect()
}

#[derive(Template)]
#[template(path = "issue/web/report.html")]
struct ReportPage {
    shell: Shell,
    form: Form,
    action: String,
    /// Where the QR code hangs; on the community's own form the estate is chosen.
    spot: Option<String>,
    estates: Options,
    categories: Options,
}

async fn new_at_spot(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    let (tenant, spot) = spot(&app, &code).await?;
    page(&report_at_spot(shell, &tenant, &code, &spot, Form::default()))
}

fn report_at_spot(shell: Shell, tenant: &Tenant, code: &str, spot: &Spot, form: Form) -> ReportPage {
    ReportPage {
        shell: shell.of_community(&tenant.name, &tenant.code),
        form,
        action: format!("/r/{code}"),
        spot: Some(spot.words()),
        estates: Vec::new(),
        categories: categories(),
    }
}

async fn spot(app: &App, code: &str) -> Result<(Tenant, Spot)> {
    let mut tx = app.db.read().await?;
    let (tenant, spot) = place::spot_by_code(&mut tx, code).await?.ok_or(Error::NotFound)?;
    Ok((access::tenant(&mut tx, tenant).await?, spot))
}

async fn create_at_spot(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(code): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (tenant, spot) = spot(&app, &code).await?;
    let place = Place::Spot(spot.clone());
    match create(&app, address, &tenant, Source::Qr, place, &mut form).await? {
        Some(response) => Ok(response),
        None => page_again(&report_at_spot(shell, &tenant, &code, &spot, form)),
    }
}

#[derive(Deserialize)]
struct InEstate {
    estate: Option<Uuid>,
}

async fn new_in_community(
    State(app): State<App>,
    shell: Shell,
    Path(code): Path<String>,
    Query(chosen): Query<InEstate>,
) -> Result<Response> {
    let tenant = community(&app, &code).await?;
    let mut form = Form::default();
    if let Some(estate) = chosen.estate {
        form.set("estate", estate.to_string());
    }
    page(&report_in_community(&app, shell, &tenant, form).await?)
}

async fn community(app: &App, code: &str) -> Result<Tenant> {
    access::tenant_by_code(&mut app.db.read().await?, code).await?.ok_or(Error::NotFound)
}

async fn report_in_community(app: &App, shell: Shell, tenant: &Tenant, form: Form) -> Result<ReportPage> {
    let estates = place::estates(&mut app.db.read().await?, tenant.tenant_id).await?;
    Ok(ReportPage {
        shell: shell.of_community(&tenant.name, &tenant.code),
        form,
        action: format!("/board/{}/report", tenant.code),
        spot: None,
        estates: estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect(),
        categories: categories(),
    })
}

async fn create_in_community(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(code): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let tenant = community(&app, &code).await?;
    let place = chosen_place(&app, tenant.tenant_id, &mut form).await?;
    match create(&app, address, &tenant, Source::Web, place, &mut form).await? {
        Some(response) => Ok(response),
        None => page_again(&report_in_community(&app, shell, &tenant, form).await?),
    }
}

/// The estate, or the building, that was chosen on a form; nowhere in particular if none was.
pub async fn chosen_place(app: &App, tenant: Uuid, form: &mut Form) -> Result<Place> {
    let mut tx = app.db.read().await?;
    if let Some(building) = form.optional_choice("building", "楼栋", |id| id.parse::<Uuid>().ok()) {
        return Ok(Place::Spot(place::spot(&mut tx, tenant, building).await?));
    }
    let Some(id) = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok()) else {
        return Ok(Place::Community);
    };
    let estate = place::estate(&mut tx, tenant, id).await?;
    // What concerns a whole estate is surveyed by the grid worker of its first building.
    let grid = place::buildings(&mut tx, tenant, id).await?.first().and_then(|building| building.grid_id);
    Ok(Place::Estate { id, name: estate.name, grid })
}

/// Files what a resident wrote; `None` if something in the form is not right.
async fn create(
    app: &App,
    address: std::net::IpAddr,
    tenant: &Tenant,
    source: Source,
    place: Place,
    form: &mut Form,
) -> Result<Option<Response>> {
    let act = Act::resident(tenant.tenant_id, &app.means);
    let Some(new) = read_issue(app, &act, source, place, form).await? else { return Ok(None) };
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    let filed = filing::file(&mut tx, &act, new).await?;
    tx.commit().await?;
    Ok(Some(self::filed(app, &filed)))
}

/// Leads to the receipt of what has just been filed, with the reporter's own link in a cookie.
pub fn filed(app: &App, filed: &Filed) -> Response {
    let to = Redirect::to(&format!("/receipts/{}/filed", filed.receipt_code));
    (own_cookie(app, &filed.receipt_code, &filed.rating_link), to).into_response()
}

/// Reads an issue from a form; `None`, with the errors noted, if something is not right.
pub async fn read_issue(
    app: &App,
    act: &Act,
    source: Source,
    place: Place,
    form: &mut Form,
) -> Result<Option<NewIssue>> {
    let description = form.text("description", "是什么事", 5..=1000);
    check_numbers(form, "description");
    check_numbers(form, "place_text");
    let category = form.optional_choice("category", "类别", Category::parse).unwrap_or(Category::Other);
    let place_text = form.text("place_text", "具体位置", 0..=60);
    let name = form.text("name", "称呼", 0..=30);
    let phone = form.optional_phone("phone").unwrap_or_default();
    let photos = photo::from_form(app, act, form, "photos", MOST_PHOTOS).await?;
    let reporter = Some(Reporter { name, phone });
    Ok(form.ok().then_some(NewIssue { source, category, description, place, place_text, reporter, photos }))
}

/// Notes an error if words that are kept in the clear carry a phone or an identity number.
pub(super) fn check_numbers(form: &mut Form, name: &str) {
    if let Some(sentence) = number_in(form.value(name)) {
        form.fail(name, sentence);
    }
}

/// The reporter's own link stays in the browser that filed, for this receipt alone.
fn own_cookie(app: &App, code: &str, link: &Link) -> AppendHeaders<[(axum::http::HeaderName, HeaderValue); 1]> {
    let path = format!("/receipts/{code}");
    AppendHeaders([(SET_COOKIE, set_cookie("own", &link.to_string(), &path, 180 * 86_400, app.secure()))])
}

#[derive(Template)]
#[template(path = "issue/web/lookup.html")]
struct LookupPage {
    shell: Shell,
    form: Form,
}

async fn ask_code(shell: Shell) -> Result<Response> {
    page(&LookupPage { shell, form: Form::default() })
}

async fn look_up(State(app): State<App>, shell: Shell, mut form: Form) -> Result<Response> {
    let code = receipt::read_code(form.value("code"));
    match store::issue_by_code(&mut app.db.read().await?, &code).await {
        Ok(_) => Ok(Redirect::to(&format!("/receipts/{code}")).into_response()),
        Err(Error::NotFound) => {
            form.fail(
                "code",
                "没有找到这个回执码。请照着回执再核对一遍，数字 0 和字母 O、数字 1 和字母 I 写哪个都行。",
            );
            page_again(&LookupPage { shell, form })
        }
        Err(error) => Err(error),
    }
}

/// An issue as its own reporter, or anybody with the code, sees it.
struct Seen {
    tenant: Tenant,
    issue: store::Issue,
    receipt: Receipt,
    deadline: Option<show::Deadline>,
    state: IssueState,
    /// The reporter's own link, if this browser holds it.
    own: Option<Link>,
}

async fn see(app: &App, headers: &HeaderMap, code: &str) -> Result<Seen> {
    let mut tx = app.db.read().await?;
    let (tenant, issue) = store::issue_by_code(&mut tx, &receipt::read_code(code)).await?;
    let Read { receipt, limits, shown, .. } = super::receipt(&mut tx, app, tenant, &issue).await?;
    let deadline = receipt.deadline(shown.since, &limits, app.means.now());
    let own = Cookies(headers).get("own").and_then(|value| value.parse::<Link>().ok());
    let own = match own {
        Some(link) => match store::rating_link(&mut tx, &link).await {
            Ok((id, used)) if id == issue.id && !used => Some(link),
            _ => None,
        },
        None => None,
    };
    let tenant = access::tenant(&mut tx, tenant).await?;
    Ok(Seen { tenant, issue, receipt, deadline, state: shown.state, own })
}

#[derive(Template)]
#[template(path = "issue/web/receipt.html")]
struct ReceiptPage {
    shell: Shell,
    receipt: Receipt,
    code: String,
    deadline: Option<show::Deadline>,
    qr: String,
    now: Timestamp,
    /// The reporter's own words, shown only in the reporter's own browser.
    own_words: Option<String>,
    rating_href: Option<String>,
    may_withdraw: bool,
    may_supplement: bool,
    form: Form,
}

fn receipt_page(app: &App, shell: Shell, seen: Seen, form: Form) -> Result<ReceiptPage> {
    let rateable = matches!(seen.state, IssueState::Published | IssueState::Surveyed | IssueState::Closed);
    let own = seen.own.is_some();
    let state = seen.issue.state;
    Ok(ReceiptPage {
        shell: shell.of_community(&seen.tenant.name, &seen.tenant.code),
        code: receipt::spaced(&seen.receipt.code),
        qr: qr(&app.link(&format!("/receipts/{}", seen.receipt.code)))?,
        receipt: seen.receipt,
        deadline: seen.deadline,
        now: app.means.now(),
        own_words: own.then_some(seen.issue.description),
        rating_href: seen.own.filter(|_| rateable).map(|link| format!("/ratings/{link}")),
        may_withdraw: own && matches!(state, IssueState::Submitted | IssueState::Accepted),
        may_supplement: own && state.open(),
        form,
    })
}

async fn show_receipt(
    State(app): State<App>,
    shell: Shell,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Result<Response> {
    let seen = see(&app, &headers, &code).await?;
    page(&receipt_page(&app, shell, seen, Form::default())?)
}

#[derive(Template)]
#[template(path = "issue/web/filed.html")]
struct FiledPage {
    shell: Shell,
    receipt: Receipt,
    code: String,
    rating_link: Option<String>,
    /// It sounds as if somebody were in danger.
    emergency: bool,
}

async fn show_filed(
    State(app): State<App>,
    shell: Shell,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Result<Response> {
    let seen = see(&app, &headers, &code).await?;
    page(&FiledPage {
        shell: shell.of_community(&seen.tenant.name, &seen.tenant.code),
        code: receipt::spaced(&seen.receipt.code),
        receipt: seen.receipt,
        emergency: seen.issue.is_emergency(),
        rating_link: seen.own.map(|link| app.link(&format!("/ratings/{link}"))),
    })
}

async fn show_photo(State(app): State<App>, Path((code, photo)): Path<(String, Uuid)>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (tenant, issue) = store::issue_by_code(&mut tx, &receipt::read_code(&code)).await?;
    // Exactly what the chain shows: of an issue that this one was joined to, not what its reporter sent.
    let Read { receipt, .. } = super::receipt(&mut tx, &app, tenant, &issue).await?;
    if !receipt.chain.iter().any(|link| link.photos.contains(&photo)) {
        return Err(Error::NotFound);
    }
    Ok(photo::response(photo::read(&mut tx, tenant, photo, photo::Size::Full).await?))
}

async fn supplement(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    headers: HeaderMap,
    Path(code): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let seen = see(&app, &headers, &code).await?;
    if seen.own.is_none() {
        return Err(Error::Forbidden);
    }
    let act = Act::resident(seen.tenant.tenant_id, &app.means);
    let text = form.text("supplement", "补充的情况", 2..=1000);
    check_numbers(&mut form, "supplement");
    let photos = photo::from_form(&app, &act, &mut form, "photos", MOST_PHOTOS).await?;
    if !form.ok() {
        return page_again(&receipt_page(&app, shell, seen, form)?);
    }
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    filing::supplement(&mut tx, &act, seen.issue.id, &text, &photos).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/receipts/{}", seen.issue.receipt_code), "补充的情况已经收到"))
}

async fn withdraw(
    State(app): State<App>,
    headers: HeaderMap,
    Path(code): Path<String>,
    _form: Form,
) -> Result<Response> {
    let seen = see(&app, &headers, &code).await?;
    if seen.own.is_none() {
        return Err(Error::Forbidden);
    }
    let act = Act::resident(seen.tenant.tenant_id, &app.means);
    let mut tx = app.db.begin().await?;
    filing::withdraw(&mut tx, &act, seen.issue.id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/receipts/{}", seen.issue.receipt_code), "已撤回，社区不再办理"))
}

#[derive(Template)]
#[template(path = "issue/web/rating.html")]
struct RatingPage {
    shell: Shell,
    form: Form,
    link: String,
    title: String,
    place: String,
    state: IssueState,
    used: bool,
}

impl RatingPage {
    fn rateable(&self) -> bool {
        matches!(self.state, IssueState::Published | IssueState::Surveyed | IssueState::Closed)
    }
}

async fn rating_page(app: &App, shell: Shell, link: &Link, form: Form) -> Result<RatingPage> {
    let mut tx = app.db.read().await?;
    let (id, used) = store::rating_link(&mut tx, link).await?;
    let mut issue = store::issue(&mut tx, link.tenant, id).await?;
    if let Some(main) = issue.merged_into {
        issue = store::issue(&mut tx, link.tenant, main).await?;
    }
    let tenant = access::tenant(&mut tx, link.tenant).await?;
    Ok(RatingPage {
        shell: shell.of_community(&tenant.name, &tenant.code),
        form,
        link: link.to_string(),
        title: issue.title(),
        place: issue.place(),
        state: issue.state,
        used,
    })
}

async fn new_rating(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    let link = link.parse().map_err(|()| Error::NotFound)?;
    page(&rating_page(&app, shell, &link, Form::default()).await?)
}

async fn create_rating(
    State(app): State<App>,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let link: Link = link.parse().map_err(|()| Error::NotFound)?;
    let solved = form.choice("solved", "问题解决了没有", Solved::parse);
    let score = form.choice("score", "满意程度", Score::parse);
    let comment = form.text("comment", "想说的话", 0..=500);
    check_numbers(&mut form, "comment");
    let (Some(solved), Some(score), true) = (solved, score, form.ok()) else {
        return page_again(&rating_page(&app, shell, &link, form).await?);
    };
    let act = Act::resident(link.tenant, &app.means);
    let mut tx = app.db.begin().await?;
    let next = closure::rate(&mut tx, &act, &link, score, solved, &comment).await?;
    let (id, _) = store::rating_link(&mut tx, &next).await?;
    let code = store::issue(&mut tx, link.tenant, id).await?.receipt_code;
    tx.commit().await?;
    let said =
        if score.is_bad() { "您的评价已收到。这件事会重新办理。" } else { "谢谢您的评价。" };
    Ok((own_cookie(&app, &code, &next), redirect(&format!("/receipts/{code}"), said)).into_response())
}
