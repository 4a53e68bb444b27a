//! One member: what is known, how they stand, whether they are shown to the public, and what has happened.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use uuid::Uuid;

use crate::access::{Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::party::consent;
use crate::party::field::Field;
use crate::party::member::{self, Card, Home, today};
use crate::party::model::{Counting, Departure, How, Kind, Standing, standing};
use crate::party::store::{self, Consent, PastPost};
use crate::registry::candidate::{self, Candidate};
use crate::settings;
use crate::web::{Form, Revealed, Shell, ValueForm, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{PartyEdit, PartyRead, PartyReveal};
    Routes::default()
        .get("/party/members/{id}", PartyRead, show)
        .post("/party/members/{id}/reveals", PartyReveal, reveal)
        .post("/party/members/{id}/home", PartyEdit, transfer)
        .post("/party/members/{id}/departure", PartyEdit, leave)
        .post("/party/members/{id}/return", PartyEdit, come_back)
        .post("/party/members/{id}/resident", PartyEdit, tie)
        .post("/party/members/{id}/consent", PartyEdit, agree)
        .post("/party/members/{id}/consent/withdrawal", PartyEdit, withdraw)
}

#[derive(Template)]
#[template(path = "party/web/member.html")]
struct MemberPage {
    shell: Shell,
    card: Card,
    /// A 党小组, if they belong to one.
    group: Option<String>,
    standing: Option<Standing>,
    facts: Vec<(&'static str, String)>,
    /// What there is to reveal.
    sealed: Vec<(&'static str, &'static str)>,
    may_reveal: bool,
    posts: Vec<PastPost>,
    consents: Vec<Consent>,
    past: Vec<audit::Told>,
    /// Where they live, for whoever may read residents.
    home: Option<Candidate>,
    candidates: Vec<Candidate>,
    /// Other branches and groups to move to: `branch` or `branch/group`.
    places: Vec<(String, String)>,
    may_edit: bool,
    may_tie: bool,
    form: Form,
    failed: &'static str,
}

impl MemberPage {
    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn is_shown(&self) -> bool {
        self.card.ended.is_none() && self.consents.iter().any(Consent::stands)
    }

    fn hows(&self) -> Vec<(&'static str, &'static str)> {
        How::ALL.iter().map(|how| (how.code(), how.label())).collect()
    }

    fn departures(&self) -> Vec<(&'static str, &'static str)> {
        Departure::ALL.iter().map(|why| (why.code(), why.label())).collect()
    }
}

async fn member_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (&'static str, Form),
) -> Result<MemberPage> {
    let act = app.act(viewer, Permission::PartyRead)?;
    let scope = viewer.scope(Permission::PartyRead);
    let mut tx = app.db.read().await?;
    let card = member::card(&mut tx, &act, &scope, id).await?;
    let organisations = store::organisations(&mut tx, viewer.tenant, &scope).await?;
    let counting: Counting = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let listed = store::member(&mut tx, viewer.tenant, id).await?;
    let may_edit = viewer.may(Permission::PartyEdit);
    let may_tie = may_edit && viewer.may(Permission::ResidentRead);
    let residents = viewer.scope(Permission::ResidentRead);
    let home = match card.resident.filter(|_| viewer.may(Permission::ResidentRead)) {
        Some(resident) => candidate::home(&mut tx, viewer.tenant, &residents, resident).await?,
        None => None,
    };
    let candidates = if may_tie && card.resident.is_none() && card.ended.is_none() {
        candidate::candidates(&mut tx, &act, &residents, (card.get(Field::Identity), card.name())).await?
    } else {
        Vec::new()
    };
    let branches = organisations.iter().filter(|known| known.kind != Kind::Group);
    let places = branches.flat_map(|branch| {
        let own = (branch.id.to_string(), branch.name.clone());
        let groups =
            organisations.iter().filter(|group| group.kind == Kind::Group && group.parent_id == Some(branch.id));
        let groups = groups.map(|group| (format!("{}/{}", branch.id, group.id), format!("　{}", group.name)));
        std::iter::once(own).chain(groups).collect::<Vec<_>>()
    });
    let places = places.collect();
    let group = organisations.iter().find(|group| Some(group.id) == card.home.group).map(|group| group.name.clone());
    let shown = |field: &Field| {
        let kept = card.get(*field).filter(|_| *field != Field::Name)?;
        Some((field.label(), field.masked(kept)))
    };
    let sealed = REVEALED.iter().filter(|field| card.get(**field).is_some());
    Ok(MemberPage {
        sealed: sealed.map(|field| (field.code(), field.label())).collect(),
        may_reveal: viewer.may(Permission::PartyReveal),
        facts: Field::ALL.iter().filter_map(shown).collect(),
        standing: listed.map(|member| standing(&member, &counting, today(&act))),
        posts: store::posts_of(&mut tx, viewer.tenant, id).await?,
        consents: store::consents(&mut tx, viewer.tenant, id).await?,
        past: audit::history(&mut tx, &act, id).await?.into_iter().map(|entry| entry.told(told_change)).collect(),
        shell,
        card,
        group,
        home,
        candidates,
        places,
        may_edit,
        may_tie,
        form,
        failed,
    })
}

/// What somebody may need in full: to call a member, or to fill in a form of the party.
const REVEALED: [Field; 2] = [Field::Phone, Field::Identity];

/// Shows one of them, once, and logs who read it and why.
async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyReveal)?;
    let field =
        form.choice("field", "要看哪一项", |code| Field::parse(code).filter(|field| REVEALED.contains(field)));
    let reason = form.reveal_reason("reason");
    let mut tx = app.db.begin().await?;
    let card = member::card(&mut tx, &act, &viewer.scope(Permission::PartyReveal), id).await?;
    let (Some(field), true) = (field, form.ok()) else {
        drop(tx);
        return page_again(&member_page(&app, &viewer, shell, id, ("reveal", form)).await?);
    };
    let Some(value) = card.get(field).map(str::to_owned) else {
        return Err(Error::refused(format!("没有登记{field}，不用查看。这次没有记入审计记录。")));
    };
    audit::record(&mut tx, &act, "reveal", ("party_member", id), &format!("{field}：{reason}"), &[]).await?;
    tx.commit().await?;
    let form = if field == Field::Phone { ValueForm::Phone } else { ValueForm::Identity };
    let back = (format!("/party/members/{id}"), "回到这名党员");
    Revealed { shell, name: card.name().to_owned(), what: field.label(), value, form, reason, back }.page()
}

/// `联系方式：138****1234 → 139****5678`
fn told_change(change: &audit::PastChange) -> String {
    let old = change.old.as_deref();
    let new = change.new.as_deref();
    if let Some(field) = Field::parse(&change.field) {
        let shown = |kept: Option<&str>| kept.map_or("空".to_owned(), |kept| field.masked(kept));
        return format!("{field}：{} → {}", shown(old), shown(new));
    }
    match change.field.as_str() {
        "branch" => format!("{} → {}", old.unwrap_or_default(), new.unwrap_or_default()),
        "group" => "换党小组".to_owned(),
        "resident" if new.is_some() => "和居民登记对上".to_owned(),
        "resident" => "不再和居民登记关联".to_owned(),
        "ended" => new.and_then(Departure::parse).map_or("恢复登记".to_owned(), |why| why.to_string()),
        other => other.to_owned(),
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&member_page(&app, &viewer, shell, id, Default::default()).await?)
}

/// A member to be changed, as whoever changes them has seen them.
///
/// Errors: stale if somebody else has changed them since.
async fn seen(tx: &mut db::Tx, act: &Act, scope: &Scope, id: Uuid, form: &Form) -> Result<Card> {
    let card = member::card(tx, act, scope, id).await?;
    if card.version == form.version() {
        Ok(card)
    } else {
        Err(Error::Stale("这名党员的资料刚刚有别人改过，请看一下再改。".to_owned()))
    }
}

fn to(id: Uuid) -> String {
    format!("/party/members/{id}")
}

async fn transfer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let place = form.choice("place", "转到哪里", |text| {
        let (organisation, group) = text.split_once('/').map_or((text, None), |(branch, group)| (branch, Some(group)));
        let group = group.map(str::parse).transpose().ok()?;
        Some(Home { organisation: organisation.parse().ok()?, group })
    });
    let on = day(&mut form, "moved_on", today(&act));
    let reason = reason(&mut form, "home_reason");
    let mut tx = app.db.begin().await?;
    let card = member::card(&mut tx, &act, &scope, id).await?;
    let (Some(place), Some(on), true) = (place, on, form.ok()) else {
        drop(tx);
        return page_again(&member_page(&app, &viewer, shell, id, ("home", form)).await?);
    };
    if card.version != form.version() {
        return Err(Error::Stale("这名党员的资料刚刚有别人改过，请看一下再改。".to_owned()));
    }
    store::organisation(&mut tx, viewer.tenant, &scope, place.organisation).await?;
    match member::transfer(&mut tx, &act, &card, place, on, &reason).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(redirect(&to(id), "已转好"))
        }
        Err(Error::Refused(sentence)) => {
            drop(tx);
            form.fail("moved_on", sentence);
            page_again(&member_page(&app, &viewer, shell, id, ("home", form)).await?)
        }
        Err(error) => Err(error),
    }
}

/// Why, in a few words that may stand in the audit log.
fn reason(form: &mut Form, name: &str) -> String {
    let reason = form.text(name, "怎么知道的", 2..=100);
    if codes::text::personal(&reason).is_some() {
        form.fail(name, "这句话会写进审计记录，请不要写电话或身份证号");
    }
    reason
}

fn day(form: &mut Form, name: &str, today: Date) -> Option<Date> {
    let day = form.choice(name, "哪一天", |text| text.parse::<Date>().ok());
    if day.is_some_and(|day| day > today) {
        form.fail(name, "这一天还没有到");
    }
    day
}

async fn leave(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let why = form.choice("why", "是哪种情况", Departure::parse);
    let on = day(&mut form, "left_on", today(&act));
    let reason = reason(&mut form, "left_reason");
    let mut tx = app.db.begin().await?;
    member::card(&mut tx, &act, &viewer.scope(Permission::PartyEdit), id).await?;
    let (Some(why), Some(on), true) = (why, on, form.ok()) else {
        drop(tx);
        return page_again(&member_page(&app, &viewer, shell, id, ("departure", form)).await?);
    };
    let card = seen(&mut tx, &act, &viewer.scope(Permission::PartyEdit), id, &form).await?;
    member::leave(&mut tx, &act, &card, why, on, &reason).await?;
    tx.commit().await?;
    Ok(redirect(&to(id), "已登记，资料还在"))
}

async fn come_back(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let reason = reason(&mut form, "return_reason");
    let mut tx = app.db.begin().await?;
    member::card(&mut tx, &act, &viewer.scope(Permission::PartyEdit), id).await?;
    if !form.ok() {
        drop(tx);
        return page_again(&member_page(&app, &viewer, shell, id, ("return", form)).await?);
    }
    let card = seen(&mut tx, &act, &viewer.scope(Permission::PartyEdit), id, &form).await?;
    member::come_back(&mut tx, &act, &card, &reason).await?;
    tx.commit().await?;
    Ok(redirect(&to(id), "已恢复登记"))
}

/// Which resident somebody is, is told only to those who may read residents.
async fn tie(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let mut tx = app.db.begin().await?;
    member::card(&mut tx, &act, &viewer.scope(Permission::PartyEdit), id).await?;
    app.act(&viewer, Permission::ResidentRead)?;
    let card = seen(&mut tx, &act, &viewer.scope(Permission::PartyEdit), id, &form).await?;
    let residents = viewer.scope(Permission::ResidentRead);
    let resident = match form.value("resident") {
        "" => None,
        written => {
            let offered =
                candidate::candidates(&mut tx, &act, &residents, (card.get(Field::Identity), card.name())).await?;
            let chosen = offered.into_iter().find(|offered| offered.id.to_string() == written);
            Some(chosen.ok_or(Error::NotFound)?.id)
        }
    };
    member::tie_to(&mut tx, &act, &card, resident).await?;
    tx.commit().await?;
    Ok(redirect(&to(id), if resident.is_some() { "已和居民登记对上" } else { "已取消关联" }))
}

async fn agree(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    change_consent(&app, &viewer, shell, id, form, true).await
}

async fn withdraw(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    change_consent(&app, &viewer, shell, id, form, false).await
}

async fn change_consent(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    mut form: Form,
    agreed: bool,
) -> Result<Response> {
    let act = app.act(viewer, Permission::PartyEdit)?;
    let how = form.choice("how", "本人怎么说的", How::parse);
    let on = day(&mut form, "consent_on", today(&act));
    let mut tx = app.db.begin().await?;
    member::card(&mut tx, &act, &viewer.scope(Permission::PartyEdit), id).await?;
    let (Some(how), Some(on), true) = (how, on, form.ok()) else {
        drop(tx);
        return page_again(&member_page(app, viewer, shell, id, ("consent", form)).await?);
    };
    let flash = if agreed {
        consent::agree(&mut tx, &act, id, how, on).await?;
        "已登记同意，公示栏上可以看到了"
    } else {
        consent::withdraw(&mut tx, &act, id, Some(how), on).await?;
        "已撤回，公示栏上马上就没有了"
    };
    tx.commit().await?;
    Ok(redirect(&to(id), flash))
}
