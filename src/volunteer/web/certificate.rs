//! Certificates: those that are asked for and those that were issued, for staff; the paper, each printing of which is written down; and the
//! page on which everybody can ask whether one is good.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{self, Act, Need, Permission, Routes, Viewer};
use crate::app::{App, ClientAddress};
use crate::audit;
use crate::document::{self, Paper};
use crate::error::{Error, Result};
use crate::volunteer::card;
use crate::volunteer::certificate::{self, Issuer};
use crate::volunteer::certificate_store::{self, Certificate, Given, Served};
use crate::volunteer::field::Field;
use crate::volunteer::hours_model::{in_hours, in_words};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{HoursApprove, VolunteerRead, VolunteerReveal};
    Routes::default()
        .get("/volunteer-certificates", VolunteerRead, list)
        .get("/volunteer-certificates/{id}", VolunteerRead, show)
        .post("/volunteer-certificates/{id}/issue", HoursApprove, issue)
        .post("/volunteer-certificates/{id}/refusal", HoursApprove, refuse)
        .post("/volunteer-certificates/{id}/revocation", HoursApprove, revoke)
        .post("/volunteer-certificates/{id}/papers", VolunteerReveal, print)
        .get("/board/{code}/certificates", Need::Public, check)
}

const PAGE: usize = 40;

#[derive(Template)]
#[template(path = "volunteer/web/certificates.html")]
struct ListPage {
    shell: Shell,
    state: Given,
    certificates: Vec<Certificate>,
    next: Option<String>,
}

impl ListPage {
    fn states(&self) -> &'static [Given] {
        Given::ALL
    }

    fn is(&self, state: &Given) -> bool {
        self.state == *state
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    state: String,
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let scope = viewer.scope(Permission::VolunteerRead);
    let state = Given::parse(&asked.state).unwrap_or(Given::Applied);
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let found = certificate_store::list(&mut tx, viewer.tenant, &scope, state, before, PAGE).await?;
    let next = found.next.map(|cursor| format!("/volunteer-certificates?state={}&before={cursor}", state.code()));
    page(&ListPage { shell, state, certificates: found.items, next })
}

#[derive(Template)]
#[template(path = "volunteer/web/certificate.html")]
struct ShowPage {
    shell: Shell,
    certificate: Certificate,
    /// What the ledger says now, of one that waits.
    served: Option<Served>,
    /// Whether the identity number is known, which has to stand on it.
    identified: bool,
    code: Option<String>,
    may_approve: bool,
    may_reveal: bool,
    past: Vec<audit::Told>,
    form: Form,
    failed: &'static str,
}

impl ShowPage {
    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn is(&self, state: &str) -> bool {
        self.certificate.state.code() == state
    }

    fn served_words(&self) -> String {
        self.served
            .as_ref()
            .map(|served| format!("{}，{} 次", in_words(served.minutes), served.times))
            .unwrap_or_default()
    }
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::VolunteerRead)?;
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::VolunteerRead);
    let certificate = certificate_store::in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let period = (certificate.from_on.as_deref(), certificate.until_on.as_deref());
    let served = match certificate.state {
        Given::Applied => Some(certificate_store::served(&mut tx, &act, certificate.volunteer_id, period).await?),
        _ => None,
    };
    let card = card::card(&mut tx, &act, certificate.volunteer_id).await?;
    Ok(ShowPage {
        code: certificate.check_code(viewer.tenant, &app.means.keys),
        identified: card.get(Field::Identity).is_some(),
        past: super::told(audit::history(&mut tx, &act, id).await?, |change| change.field.clone()),
        shell,
        certificate,
        served,
        may_approve: viewer.may(Permission::HoursApprove),
        may_reveal: viewer.may(Permission::VolunteerReveal),
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Default::default()).await?)
}

/// Begins a step on what somebody has seen.
async fn begun(app: &App, viewer: &Viewer, id: Uuid, form: &Form) -> Result<(Tx, Act, Certificate)> {
    let act = app.act(viewer, Permission::HoursApprove)?;
    let mut tx = app.db.begin().await?;
    let scope = viewer.scope(Permission::HoursApprove);
    let certificate = certificate_store::in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    if certificate.lock_version != form.version() {
        return Err(Error::Stale("这份证明刚刚有别人办过，请看一下。".to_owned()));
    }
    Ok((tx, act, certificate))
}

async fn issue(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, asked) = begun(&app, &viewer, id, &form).await?;
    let head = form.person_name("head");
    let contact = form.text("contact", "联系方式", 3..=60);
    let note = form.text("note", "其他说明", 0..=200);
    if let (Some(head), true) = (head, form.ok()) {
        let card = card::card(&mut tx, &act, asked.volunteer_id).await?;
        let address = app.link(&format!("/board/{}/certificates", viewer.tenant_code));
        let by = Issuer { head: &head, clerk: &viewer.name, contact: &contact, note: &note, address: &address };
        let done = certificate::issue(&mut tx, &act, &asked, &card, &by).await;
        if let Some(number) = form.noted("head", done)? {
            tx.commit().await?;
            let words = format!("已出具 {number}，打印出来签字盖章，在单位内公示不少于 7 天");
            return Ok(redirect(&format!("/volunteer-certificates/{id}"), &words));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, ("issue", form)).await?)
}

async fn refuse(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, asked) = begun(&app, &viewer, id, &form).await?;
    let why = form.open_text("refused_why", "为什么不出具", 2..=100, "本人看得到，不要写电话或身份证号");
    if !form.ok() {
        drop(tx);
        return page_again(&show_page(&app, &viewer, shell, id, ("refusal", form)).await?);
    }
    certificate::refuse(&mut tx, &act, &asked, &why).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/volunteer-certificates/{id}"), "已答复，本人看得到原因"))
}

async fn revoke(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, issued) = begun(&app, &viewer, id, &form).await?;
    let why = form.open_text("revoked_why", "为什么撤销", 2..=100, "会写进审计记录，不要写电话或身份证号");
    if !form.ok() {
        drop(tx);
        return page_again(&show_page(&app, &viewer, shell, id, ("revocation", form)).await?);
    }
    certificate::revoke(&mut tx, &act, &issued, &why).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/volunteer-certificates/{id}"), "已撤销，查验的人看得到"))
}

#[derive(Template)]
#[template(path = "volunteer/web/certificate-paper.html")]
struct PaperPage {
    shell: Shell,
    id: Uuid,
    paper: Paper,
}

/// The paper with the whole identity number, which each time is written down.
async fn print(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerReveal)?;
    let mut tx = app.db.begin().await?;
    let scope = viewer.scope(Permission::VolunteerReveal);
    let issued = certificate_store::in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    if issued.state != Given::Issued {
        return Err(Error::refused(format!("现在是“{}”，不能打印", issued.state)));
    }
    if issued.paper_sealed.is_none() {
        return Err(Error::refused("本人的资料已应要求删去，证明的原文没有留"));
    }
    let paper = certificate::opened(&act, &issued)?;
    let as_file = form.is("as", "docx");
    let how = if as_file { "下载 Word 文件" } else { "打印" };
    audit::record(&mut tx, &act, "print_certificate", ("volunteer_certificate", id), how, &[]).await?;
    tx.commit().await?;
    if as_file { document::response(&paper) } else { page(&PaperPage { shell, id, paper }) }
}

#[derive(Template)]
#[template(path = "volunteer/web/certificate-check.html")]
struct CheckPage {
    shell: Shell,
    code: String,
    form: Form,
    asked: bool,
    /// The one that the number and the code belong to.
    found: Option<Certificate>,
}

impl CheckPage {
    fn hours(&self, minutes: &Option<i64>) -> String {
        minutes.map(|minutes| format!("{} 小时（{}）", in_hours(minutes), in_words(minutes))).unwrap_or_default()
    }

    fn day(&self, day: &Option<String>) -> String {
        day.as_deref().map(crate::web::show::kept_day).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    number: String,
    #[serde(default)]
    check: String,
}

/// Whether a certificate is good, for whoever has its number and its code.
async fn check(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(code): Path<String>,
    Query(written): Query<Written>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let asked = !written.number.trim().is_empty() || !written.check.trim().is_empty();
    let mut found = None;
    if asked {
        // Whoever hires for a whole company may look at many in an hour.
        app.sign_ins.check(address)?;
        let number = codes::text::half_width(written.number.trim());
        let known = certificate_store::by_number(&mut tx, tenant.tenant_id, &number).await?;
        let says = codes::text::typed_code(&written.check);
        found =
            known.filter(|known| known.check_code(tenant.tenant_id, &app.means.keys).is_some_and(|code| code == says));
    }
    let form = Form::filled(&[("number", &written.number), ("check", &written.check)]);
    let shell = shell.of_community(&tenant.name, &tenant.code);
    page(&CheckPage { shell, code, form, asked, found })
}
