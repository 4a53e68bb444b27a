//! The cases that somebody may see, and the form with which one is registered.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, options, particulars, words};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::{self, Issue};
use crate::mediation::course::{self, NewMediation};
use crate::mediation::model::{Cause, Kind, Origin, Stance, Words, side};
use crate::mediation::store::{self, Figures, Mediation};
use crate::mediation::{mediator_link, party_link, step};
use crate::web::{Form, Shell, page, page_again, qr, redirect};
use crate::{help, place};

pub fn routes() -> Routes {
    use Permission::{MediationManage, MediationWork};
    Routes::default()
        .get("/mediations", MediationWork, list)
        .get("/mediations/new", MediationManage, new)
        .post("/mediations", MediationManage, create)
        .get("/mediations/{id}/links", MediationManage, show_links)
}

const PAGE: usize = 30;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "mediation/web/list.html")]
struct ListPage {
    shell: Shell,
    mediations: Vec<Mediation>,
    next: Option<String>,
    year: i16,
    /// Of the community, for those who see all of it.
    figures: Option<Figures>,
    may_manage: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let found = store::mediations(&mut tx, &viewer, before, PAGE).await?;
    let may_manage = viewer.may(Permission::MediationManage);
    let year = step::day_of(app.means.now()).year();
    let all = may_manage && viewer.scope(Permission::MediationManage).account.is_none();
    let figures = if all { Some(store::figures(&mut tx, viewer.tenant, year).await?) } else { None };
    let next = found.next.map(|cursor| format!("/mediations?before={cursor}"));
    page(&ListPage { shell, mediations: found.items, next, year, figures, may_manage })
}

#[derive(Template)]
#[template(path = "mediation/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    estates: Options,
    issue: Option<Issue>,
}

impl NewPage {
    fn kinds(&self) -> Options {
        options(Kind::ALL, Kind::code, Kind::label)
    }

    fn causes(&self) -> Options {
        options(Cause::ALL, Cause::code, Cause::label)
    }

    fn origins(&self) -> Options {
        options(Origin::ALL, Origin::code, Origin::label)
    }
}

/// The issue from which a case is opened, if whoever does it may read it.
async fn issue_of(tx: &mut Tx, viewer: &Viewer, id: Option<Uuid>) -> Result<Option<Issue>> {
    match id {
        Some(id) => {
            let scope = viewer.scope(Permission::IssueRead);
            Ok(Some(issue::issue_in_scope(tx, viewer.tenant, id, scope).await?))
        }
        None => Ok(None),
    }
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, issue: Option<Issue>) -> Result<NewPage> {
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::MediationManage);
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(NewPage { shell, form, estates, issue })
}

#[derive(Deserialize)]
struct From {
    issue: Option<Uuid>,
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(from): Query<From>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let issue = issue_of(&mut tx, &viewer, from.issue).await?;
    let of_community = viewer.scope(Permission::MediationManage).account.is_none();
    let kind = if of_community { Kind::People } else { Kind::Member };
    let mut form = Form::filled(&[("kind", kind.code()), ("origin", Origin::Application.code())]);
    if let Some(issue) = &issue {
        if let Some(known) = store::open_of_issue(&mut tx, viewer.tenant, issue.id).await? {
            return Ok(redirect(&format!("/mediations/{}", known.id), "这件诉求已经转调解了"));
        }
        let cause = if issue.category == issue::Category::Neighbour { Cause::Neighbour } else { Cause::Property };
        form.set("cause", cause.code());
        form.set("facts", issue.description.clone());
        form.set("estate", issue.estate_id.map(|id| id.to_string()).unwrap_or_default());
        // Somebody turned to a member, who can mediate.
        if let Some(help) = help::of_issue(&mut tx, viewer.tenant, issue.id).await? {
            form.set("kind", Kind::Member.code());
            form.set("mediator_name", help.member_name);
        }
    }
    drop(tx);
    page(&new_page(&app, &viewer, shell, form, issue).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::MediationManage)?;
    let scope = viewer.scope(Permission::MediationManage);
    let kind = form.choice("kind", "哪一种调解", Kind::parse);
    let cause = form.choice("cause", "什么纠纷", Cause::parse);
    let origin = form.choice("origin", "怎么开始的", Origin::parse);
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    if estate.is_none() && scope.account.is_some() {
        form.fail("estate", "请选择小区");
    }
    if kind == Some(Kind::People) && scope.account.is_some() {
        form.fail("kind", "人民调解由社区的人民调解委员会登记");
    }
    let facts = words(&mut form, "facts", "主要事实", 4, 3000);
    let dispute = words(&mut form, "dispute", "争议事项", 0, 1000);
    let parties = ["first", "second"].map(|prefix| particulars(&mut form, prefix, None));
    let mediator = form.optional_choice("mediator_name", "调解员", |name| codes::PersonName::parse(name).ok());
    let issue = form.optional_choice("issue", "诉求", |id| id.parse::<Uuid>().ok());
    let mut tx = app.db.begin().await?;
    let issue = issue_of(&mut tx, &viewer, issue).await?;
    if let Some(estate) = estate {
        place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
    }
    if let (Some(kind), Some(cause), Some(origin), true) = (kind, cause, origin, form.ok()) {
        let new = NewMediation {
            kind,
            cause,
            origin,
            estate,
            issue: issue.as_ref().map(|issue| issue.id),
            words: Words { facts, dispute },
            parties: (1..).zip(parties).collect(),
        };
        let registered = course::register(&mut tx, &act, new).await;
        if let Some(id) = form.noted("kind", registered)? {
            if let Some(name) = mediator {
                let mut mediation = store::mediation(&mut tx, act.tenant, id).await?;
                let seen = mediation.lock_version;
                course::name_mediator(&mut tx, &act, &mut mediation, seen, None, name.as_str()).await?;
            }
            tx.commit().await?;
            return Ok(redirect(&format!("/mediations/{id}"), "已登记，接着定调解员、征求双方同意"));
        }
    }
    drop(tx);
    page_again(&new_page(&app, &viewer, shell, form, issue).await?)
}

/// A link that is passed on to one person.
struct Handed {
    who: String,
    hint: &'static str,
    address: String,
    picture: String,
}

#[derive(Template)]
#[template(path = "mediation/web/links.html")]
struct LinksPage {
    shell: Shell,
    mediation: Mediation,
    handed: Vec<Handed>,
}

/// What is passed on to the parties who have not said whether they agree, and to mediators who have no account.
async fn show_links(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::MediationManage)?;
    let mut tx = app.db.read().await?;
    let mediation = store::readable(&mut tx, &viewer, id).await?;
    if !mediation.state.talks() {
        return Err(Error::refused(format!("这件调解现在是“{}”，不用再转链接了", mediation.state)));
    }
    let (parties, mediators) =
        (store::parties(&mut tx, &act, id).await?, store::mediators(&mut tx, act.tenant, id).await?);
    let mut handed = Vec::new();
    for party in parties.iter().filter(|party| Stance::of(party, &mediators) != Stance::Agrees) {
        let address = app.link(&format!("/mediation-parties/{}", party_link(act.tenant, party.id, &app.means.keys)));
        let who = format!("{} {}", side(party.side), party.particulars.masked().name);
        handed.push(Handed {
            who,
            hint: "由本人看告知书、点同意或者不同意，不要替谁点。",
            picture: qr(&address)?,
            address,
        });
    }
    for mediator in mediators.iter().filter(|mediator| mediator.account_id.is_none()) {
        let address = app.link(&format!("/mediators/{}", mediator_link(act.tenant, mediator.id, &app.means.keys)));
        let who = format!("调解员 {}", mediator.name);
        handed.push(Handed {
            who,
            hint: "只给调解员本人：打开就看得到这一件事。办完自动失效。",
            picture: qr(&address)?,
            address,
        });
    }
    page(&LinksPage { shell, mediation, handed })
}
