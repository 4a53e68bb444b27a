//! What a guardian sees by their link: whether they are asked or have agreed, all that is kept of the child, who has read it, and how to go.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;

use super::{Options, filled, homes, read_child, read_person};
use crate::access::{self, Act, Link, Need, Routes};
use crate::after_school::attendance::{self, Visit};
use crate::after_school::child::{self, Child, Consent, Wishes, today};
use crate::after_school::code;
use crate::after_school::message_store;
use crate::after_school::model::{Adult, How, Purpose, Rules};
use crate::after_school::paper;
use crate::after_school::picture::{self, Picture};
use crate::after_school::roll;
use crate::after_school::session_model::Rules as SessionRules;
use crate::after_school::store::{self, Opening};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{document, place, settings};

pub fn routes() -> Routes {
    Routes::default()
        .get("/guardians/{link}", Need::Public, show)
        .post("/guardians/{link}/answer", Need::Public, answer)
        .post("/guardians/{link}/consents", Need::Public, consent)
        .get("/guardians/{link}/particulars", Need::Public, edit)
        .post("/guardians/{link}/particulars", Need::Public, change)
        .get("/guardians/{link}/record.docx", Need::Public, copy)
        .post("/guardians/{link}/leaves", Need::Public, take_leave)
        .post("/guardians/{link}/codes", Need::Public, make_code)
        .post("/guardians/{link}/codes/withdrawal", Need::Public, withdraw_code)
        .post("/guardians/{link}/departure", Need::Public, leave)
        .post("/guardians/{link}/erasure", Need::Public, forget)
}

/// Errors: not found by a link that was not made for this, or is not good any more.
pub(super) async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Child)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    let act = Act::resident(link.tenant, &app.means);
    let child = child::by_link(tx, &act, &link).await?;
    Ok((act, child))
}

/// So many sessions are shown.
const VISITS: i64 = 60;

#[derive(Template)]
#[template(path = "after_school/web/guardian.html")]
struct GuardianPage {
    shell: Shell,
    link: String,
    child: Child,
    adults: Vec<Adult>,
    consents: Vec<Consent>,
    openings: Vec<Opening>,
    /// Messages that they have not seen.
    unread: i64,
    /// What they have agreed to, as they read it.
    agreed: Vec<String>,
    homes: Options,
    rules: Rules,
    old_enough: bool,
    /// Particulars are being put right.
    editing: bool,
    form: Form,
    visits: Vec<Visit>,
    pictures: Vec<Picture>,
    /// The code that is good now.
    code: Option<code::Standing>,
    /// Its digits, on the page that follows the making and on no other.
    digits: String,
    class: SessionRules,
}

impl GuardianPage {
    fn is(&self, state: &str) -> bool {
        self.child.state.code() == state
    }

    fn class_wording(&self) -> Vec<String> {
        Purpose::Class.wording(&self.shell.community, &self.rules)
    }

    /// What they read when they agreed is not what is read now.
    fn reworded(&self) -> bool {
        !self.agreed.is_empty() && self.agreed != self.class_wording()
    }

    /// What is agreed to apart, with its wording, and since when it is.
    fn apart(&self) -> Vec<(Purpose, Vec<String>, bool)> {
        let of = |purpose: Purpose| {
            let agreed = self.consents.iter().any(|known| known.purpose == purpose && known.withdrawn_at.is_none());
            (purpose, purpose.wording(&self.shell.community, &self.rules), agreed)
        };
        let wanted = |purpose: &Purpose| *purpose != Purpose::Alone || self.old_enough;
        [Purpose::Photos, Purpose::Alone].into_iter().filter(wanted).map(of).collect()
    }

    /// The next one first.
    fn coming(&self) -> impl Iterator<Item = &Visit> {
        self.visits.iter().rev().filter(|visit| visit.coming)
    }

    fn past(&self) -> impl Iterator<Item = &Visit> {
        self.visits.iter().filter(|visit| !visit.coming)
    }

    fn facts(&self) -> Vec<(&'static str, &'static str, String)> {
        self.child.facts().into_iter().filter(|(_, _, value)| !value.is_empty()).collect()
    }
}

async fn guardian_page(
    app: &App,
    shell: Shell,
    link: String,
    editing: bool,
    form: Option<Form>,
) -> Result<GuardianPage> {
    let mut tx = app.db.read().await?;
    let (act, child) = by_link(app, &mut tx, &link).await?;
    let community = access::tenant(&mut tx, act.tenant).await?;
    let adults = child::adults(&mut tx, &act, child.id).await?;
    let estates = place::estates(&mut tx, act.tenant).await?;
    let (_, homes) = homes(&mut tx, act.tenant, estates).await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let consents = child::consents(&mut tx, &act, child.id).await?;
    let agreed = match consents.iter().find(|consent| consent.purpose == Purpose::Class) {
        Some(consent) => store::text(&mut tx, act.tenant, &consent.edition).await?,
        None => String::new(),
    };
    Ok(GuardianPage {
        consents,
        agreed: agreed.lines().map(str::to_owned).collect(),
        unread: message_store::unread(&mut tx, act.tenant, child.id, false).await?,
        openings: store::openings(&mut tx, act.tenant, child.id).await?,
        visits: attendance::of_child(&mut tx, &act, child.id, VISITS).await?,
        pictures: picture::of_child(&mut tx, act.tenant, child.id).await?,
        code: code::standing(&mut tx, &act, child.id).await?,
        digits: String::new(),
        class: settings::read(&mut tx, act.tenant, act.at).await?,
        old_enough: child.particulars.age(today(&act)).is_some_and(|age| age >= rules.alone_age),
        form: form.unwrap_or_else(|| filled(&child, &adults)),
        shell: shell.of_community(&community.name, &community.code),
        link,
        child,
        adults,
        homes,
        rules,
        editing,
    })
}

async fn show(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&guardian_page(&app, shell, link, false, None).await?)
}

async fn edit(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&guardian_page(&app, shell, link, true, None).await?)
}

/// The guardian says whether they agree.
async fn answer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    match form.value("agrees") {
        "no" => {
            child::decline(&mut tx, &act, &child).await?;
            tx.commit().await?;
            let code = access::tenant(&mut app.db.read().await?, act.tenant).await?.code;
            return Ok(redirect(&format!("/board/{code}"), "知道了。孩子和您的姓名电话已经删掉"));
        }
        "yes" => {}
        _ => return Err(Error::refused("请点“同意”或“不同意”")),
    }
    let estates = place::estates(&mut tx, act.tenant).await?;
    let (known, _) = homes(&mut tx, act.tenant, estates).await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    if let Some((sketch, adults)) = read_child(&mut form, &known, &act, &rules)
        && form.ok()
    {
        let wishes = Wishes { adults, photos: form.is("photos", "yes"), alone: false };
        let done = child::agree(&mut tx, &act, &child, sketch, &wishes).await;
        if let Some(()) = form.noted("listed1_name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/guardians/{link}"), "登记好了。请收藏这一页"));
        }
    }
    drop(tx);
    page_again(&guardian_page(&app, shell, link, false, Some(form)).await?)
}

/// Something that is agreed to apart, or not any more.
async fn consent(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    let purpose = Purpose::parse(form.value("purpose")).filter(|purpose| *purpose != Purpose::Class);
    let purpose = purpose.ok_or(Error::NotFound)?;
    let words = match form.value("agrees") {
        "yes" => {
            child::consent(&mut tx, &act, &child, purpose, How::Link).await?;
            "记下了：同意"
        }
        "no" => {
            child::withdraw(&mut tx, &act, &child, purpose).await?;
            "记下了：不同意"
        }
        _ => return Err(Error::refused("请点“同意”或“不同意”")),
    };
    tx.commit().await?;
    Ok(redirect(&format!("/guardians/{link}"), words))
}

async fn change(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    let estates = place::estates(&mut tx, act.tenant).await?;
    let (known, _) = homes(&mut tx, act.tenant, estates).await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    if let Some((sketch, adults)) = read_child(&mut form, &known, &act, &rules)
        && form.ok()
    {
        let seen = Child { version: form.version(), ..child };
        let done = child::change(&mut tx, &act, &seen, sketch, &adults).await;
        if let Some(()) = form.noted("listed1_name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/guardians/{link}"), "已改好"));
        }
    }
    drop(tx);
    page_again(&guardian_page(&app, shell, link, true, Some(form)).await?)
}

/// The child does not come to a session.
async fn take_leave(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    let session = form.value("session").parse().map_err(|_| Error::NotFound)?;
    roll::take_leave(&mut tx, &act, session, &child).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/guardians/{link}"), "请好假了。又能来的，直接送来就行"))
}

/// Somebody who is not on the list may fetch the child, once. The digits are on this page and can be read nowhere else, so it is no other.
async fn make_code(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    let person = read_person(&mut form, "fetcher");
    if person.is_none() {
        form.fail("fetcher_name", "请写来接的人的姓名");
    }
    if let (Some(person), true) = (person, form.ok()) {
        let done = code::make(&mut tx, &act, &child, &person).await;
        if let Some(digits) = form.ended(tx, "fetcher_name", done).await? {
            return page(&GuardianPage { digits, ..guardian_page(&app, shell, link, false, None).await? });
        }
    } else {
        drop(tx);
    }
    page_again(&guardian_page(&app, shell, link, false, Some(form)).await?)
}

async fn withdraw_code(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    code::withdraw(&mut tx, &act, child.id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/guardians/{link}"), "接送码收回了，不能再用"))
}

/// All that is kept, as a file.
async fn copy(State(app): State<App>, Path(link): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    document::response(&paper::copy(&mut tx, &act, &child).await?)
}

async fn leave(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    child::leave(&mut tx, &act, &child, "监护人撤回同意").await?;
    tx.commit().await?;
    Ok(redirect(&format!("/guardians/{link}"), "已撤回同意，不再使用孩子的资料"))
}

/// Nothing is to be kept; the link is good no more.
async fn forget(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    Path(link): Path<String>,
    _form: Form,
) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    let (act, child) = by_link(&app, &mut tx, &link).await?;
    app.posts.check(address)?;
    child::forget(&mut tx, &act, &child).await?;
    tx.commit().await?;
    let code = access::tenant(&mut app.db.read().await?, act.tenant).await?.code;
    Ok(redirect(&format!("/board/{code}"), "孩子的资料删掉了"))
}
