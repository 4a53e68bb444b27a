//! One volunteer: what is known, what they have agreed to, their teams, and the steps of the community.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::{Tx, text_enum};
use jiff::civil::Date;
use uuid::Uuid;

use super::{Options, labels, named, posts, read_guardian, read_values, told};
use crate::access::{Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry::candidate::{self, Candidate};
use crate::volunteer::activity_store::{self, Named};
use crate::volunteer::card::{self, Card, today};
use crate::volunteer::field::Field;
use crate::volunteer::honour::{self, Honour};
use crate::volunteer::hours_store::{self, Total};
use crate::volunteer::joining;
use crate::volunteer::model::{How, Joining, Maturity, Outcome, Post, Purpose, State as Standing};
use crate::volunteer::star::{self, Award, Star, Stars};
use crate::volunteer::store::{self, Consent, Membership, Vetting};
use crate::volunteer::team;
use crate::web::{Form, Revealed, Shell, ValueForm, page, page_again, qr, redirect, show};
use crate::{audit, place, settings};

pub fn routes() -> Routes {
    use Permission::{HoursApprove, VolunteerEdit, VolunteerRead, VolunteerReveal};
    Routes::default()
        .get("/volunteers/{id}", VolunteerRead, show)
        .get("/volunteers/{id}/particulars", VolunteerEdit, edit)
        .post("/volunteers/{id}/particulars", VolunteerEdit, change)
        .post("/volunteers/{id}/reveals", VolunteerReveal, reveal)
        .post("/volunteers/{id}/signature", VolunteerEdit, sign)
        .post("/volunteers/{id}/guardian", VolunteerEdit, guardian)
        .post("/volunteers/{id}/confirmation", VolunteerEdit, confirm)
        .post("/volunteers/{id}/refusal", VolunteerEdit, refuse)
        .post("/volunteers/{id}/vettings", VolunteerReveal, vet)
        .post("/volunteers/{id}/memberships", VolunteerEdit, join)
        .post("/volunteers/{id}/memberships/{team}/post", VolunteerEdit, set_post)
        .post("/volunteers/{id}/memberships/{team}/removal", VolunteerEdit, quit)
        .post("/volunteers/{id}/links", VolunteerEdit, renew)
        .post("/volunteers/{id}/resident", VolunteerEdit, tie)
        .post("/volunteers/{id}/stars/{star}/decision", HoursApprove, decide_star)
        .post("/volunteers/{id}/departure", VolunteerEdit, leave)
        .post("/volunteers/{id}/erasure", VolunteerEdit, forget)
}

#[derive(Template)]
#[template(path = "volunteer/web/show.html")]
struct ShowPage {
    shell: Shell,
    card: Card,
    facts: Vec<(&'static str, String)>,
    sealed: Vec<(&'static str, &'static str)>,
    may_reveal: bool,
    may_edit: bool,
    total: Total,
    stars: Vec<Star>,
    /// The highest star that the ledger carries now.
    reached: i64,
    honours: Vec<Honour>,
    may_approve: bool,
    memberships: Vec<Membership>,
    consents: Vec<Consent>,
    /// By their day of birth.
    minor: bool,
    /// Only whoever may read numbers sees them.
    vettings: Vec<Vetting>,
    today: String,
    /// The teams that they are not in.
    teams: Options,
    wanted: Option<String>,
    /// Where they live, for whoever may read residents.
    home: Option<Candidate>,
    candidates: Vec<Candidate>,
    past: Vec<audit::Told>,
    form: Form,
    failed: &'static str,
}

impl ShowPage {
    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn is(&self, state: &str) -> bool {
        self.card.state.code() == state
    }

    fn star(&self) -> Option<String> {
        star::title(&self.stars)
    }

    /// It was given for hours that are not in the ledger any more.
    fn uncarried(&self, star: &Star) -> bool {
        star.state == Award::Awarded && star.star > self.reached
    }

    fn posts(&self) -> Options {
        posts()
    }

    fn outcomes(&self) -> Options {
        labels(Outcome::ALL, Outcome::code, Outcome::label)
    }

    fn vetting_words(&self) -> Option<(&'static str, String)> {
        let last = self.vettings.first()?;
        let end = show::kept_day(&last.expires_on);
        Some(match (last.result, last.expires_on >= self.today) {
            (Outcome::Passed, true) => ("done", format!("从业查询通过，{end}到期")),
            (Outcome::Passed, false) => ("late", format!("从业查询{end}已到期，要重新查")),
            (Outcome::Failed, _) => ("late", "从业查询不通过，不能安排接触未成年人".to_owned()),
            (Outcome::Pending, _) => ("soon", "从业查询待查".to_owned()),
        })
    }
}

text_enum! {
    /// What somebody may need in full: to call them or a minor's guardian, to write out a certificate, to ask whoever has recommended them.
    enum Sealed {
        Phone = "phone" "联系电话",
        Identity = "identity" "身份证号",
        Note = "note" "备注",
        Guardian = "guardian_phone" "监护人电话",
        Recommender = "recommender" "推荐人",
    }
}

impl Sealed {
    fn of(self, card: &Card) -> Option<String> {
        match self {
            Sealed::Phone => card.get(Field::Phone).map(str::to_owned),
            Sealed::Identity => card.get(Field::Identity).map(str::to_owned),
            Sealed::Note => card.get(Field::Note).map(str::to_owned),
            Sealed::Guardian => card.guardian.as_ref().map(|guardian| guardian.phone.clone()),
            Sealed::Recommender => card.recommender.clone(),
        }
    }

    fn form(self) -> ValueForm {
        match self {
            Sealed::Phone | Sealed::Guardian => ValueForm::Phone,
            Sealed::Identity => ValueForm::Identity,
            Sealed::Note | Sealed::Recommender => ValueForm::Words,
        }
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
    let scope = viewer.scope(Permission::VolunteerRead);
    let mut tx = app.db.read().await?;
    let card = card::card_in_reach(&mut tx, &act, &scope, id).await?;
    let memberships = store::memberships(&mut tx, viewer.tenant, id).await?;
    let may_edit = viewer.may(Permission::VolunteerEdit);
    let may_reveal = viewer.may(Permission::VolunteerReveal);
    let teams = super::desk::standing_teams(&mut tx, viewer.tenant, &scope).await?;
    let wanted = card.team.and_then(|id| teams.iter().find(|(known, _)| *known == id.to_string()));
    let wanted = wanted.map(|(_, name)| name.clone());
    let within = |id: &String| memberships.iter().any(|row| row.left_on.is_none() && row.team_id.to_string() == *id);
    let teams = teams.into_iter().filter(|(id, _)| !within(id)).collect();
    let residents = viewer.scope(Permission::ResidentRead);
    let home = match card.resident.filter(|_| viewer.may(Permission::ResidentRead)) {
        Some(resident) => candidate::home(&mut tx, viewer.tenant, &residents, resident).await?,
        None => None,
    };
    let may_tie = may_edit && viewer.may(Permission::ResidentRead) && card.state == Standing::Active;
    let candidates = if may_tie && card.resident.is_none() {
        candidate::candidates(&mut tx, &act, &residents, (card.get(Field::Identity), card.name())).await?
    } else {
        Vec::new()
    };
    let shown = |field: &Field| {
        let kept = card.get(*field).filter(|_| *field != Field::Name)?;
        Some((field.label(), field.masked(kept)))
    };
    let rules: Joining = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let minor = rules.maturity(card.get(Field::Birth), today(&act)) == Maturity::Minor;
    let around = activity_store::around(&mut tx, viewer.tenant, id).await?;
    let total = hours_store::total(&mut tx, viewer.tenant, id, act.at).await?;
    let steps: Stars = settings::read(&mut tx, viewer.tenant, act.at).await?;
    Ok(ShowPage {
        facts: Field::ALL.iter().filter_map(shown).collect(),
        sealed: Sealed::ALL
            .iter()
            .filter(|sealed| sealed.of(&card).is_some())
            .map(|sealed| (sealed.code(), sealed.label()))
            .collect(),
        stars: star::of_volunteer(&mut tx, viewer.tenant, id).await?,
        honours: honour::of_volunteer(&mut tx, viewer.tenant, id).await?,
        may_approve: viewer.may(Permission::HoursApprove),
        reached: steps.reached(total.service),
        total,
        consents: store::consents(&mut tx, viewer.tenant, id).await?,
        minor,
        vettings: if may_reveal { store::vettings(&mut tx, viewer.tenant, id).await? } else { Vec::new() },
        past: told(audit::history(&mut tx, &act, id).await?, |change| told_change(change, &around)),
        today: today(&act).to_string(),
        shell,
        card,
        may_reveal,
        may_edit,
        memberships,
        teams,
        wanted,
        home,
        candidates,
        form,
        failed,
    })
}

/// `联系电话：138****1234 → 139****5678`
fn told_change(change: &audit::PastChange, around: &[Named]) -> String {
    let (old, new) = (change.old.as_deref(), change.new.as_deref());
    if let Some(field) = Field::parse(&change.field) {
        let shown = |kept: Option<&str>| kept.map_or("空".to_owned(), |kept| field.masked(kept));
        return format!("{field}：{} → {}", shown(old), shown(new));
    }
    match change.field.as_str() {
        "state" => new.and_then(Standing::parse).map_or_else(String::new, |state| state.to_string()),
        "guardian" => "监护人".to_owned(),
        "guardian_agreed_on" => "监护人同意".to_owned(),
        "recommender" => "推荐人".to_owned(),
        "link" => "换了本人的链接".to_owned(),
        "team" => "想参加的服务队".to_owned(),
        "joined_on" => format!("注册时间：{}", new.map_or_else(|| "空".to_owned(), show::kept_day)),
        "estate" => "住在哪个小区".to_owned(),
        "resident" => "和居民登记的关联".to_owned(),
        "activity" => named(around, new),
        "by" => format!("经手：{}", named(around, new)),
        "title" => new.unwrap_or_default().to_owned(),
        "hours" => match old {
            Some(old) => format!("时长：{old} → {}", new.unwrap_or_default()),
            None => format!("时长：{}", new.unwrap_or_default()),
        },
        other => other.to_owned(),
    }
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Default::default()).await?)
}

/// Begins the transaction of a change to somebody within reach.
async fn reached(app: &App, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<(Tx, Act, Card)> {
    let act = app.act(viewer, permission)?;
    let mut tx = app.db.begin().await?;
    let card = card::card_in_reach(&mut tx, &act, &viewer.scope(permission), id).await?;
    Ok((tx, act, card))
}

fn refuse_stale(card: &Card, form: &Form) -> Result<()> {
    if card.version == form.version() {
        return Ok(());
    }
    Err(Error::Stale("这名志愿者的登记刚刚有别人改过，请看一下再改。".to_owned()))
}

fn to(id: Uuid) -> String {
    format!("/volunteers/{id}")
}

async fn reveal(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerReveal).await?;
    let field = form.choice("field", "要看哪一项", Sealed::parse);
    let reason = form.reveal_reason("reason");
    let (Some(field), true) = (field, form.ok()) else {
        drop(tx);
        return again(&app, &viewer, shell, id, ("reveal", form)).await;
    };
    let Some(value) = field.of(&card) else {
        return Err(Error::refused(format!("没有登记{field}，不用查看。这次没有记入审计记录。")));
    };
    audit::record(&mut tx, &act, "reveal", ("volunteer", id), &format!("{field}：{reason}"), &[]).await?;
    tx.commit().await?;
    let back = (to(id), "回到这名志愿者");
    Revealed { shell, name: card.name().to_owned(), what: field.label(), value, form: field.form(), reason, back }
        .page()
}

#[derive(Template)]
#[template(path = "volunteer/web/particulars.html")]
struct ParticularsPage {
    shell: Shell,
    form: Form,
    card: Card,
    estates: Options,
}

impl ParticularsPage {
    fn may_erase(&self, field: &Field) -> bool {
        field.is_sealed() && self.card.get(*field).is_some()
    }

    /// A sealed value is not shown, and an empty field leaves it as it is.
    fn hint(&self, field: &Field) -> String {
        match (field, self.card.get(*field).filter(|_| field.is_sealed())) {
            (_, Some(kept)) => format!("现在是 {}。不改就空着。", field.masked(kept)),
            (Field::Identity, None) => "开服务证明才用到。写了号码，性别和出生日期就不用填。".to_owned(),
            (Field::InsuredUntil, None) => "保险单上的最后一天，如 2027-05-01。没有写的，危险的活动报不上。".to_owned(),
            (Field::Insurance, None) => "参加危险的活动要先有保险。".to_owned(),
            (Field::Available, None) => "如“周六上午”。".to_owned(),
            _ => String::new(),
        }
    }
}

async fn particulars_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, card: Card) -> Result<ParticularsPage> {
    let scope = viewer.scope(Permission::VolunteerEdit);
    let estates = place::estates_within(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(ParticularsPage { shell, form, card, estates })
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let scope = viewer.scope(Permission::VolunteerEdit);
    let card = card::card_in_reach(&mut app.db.read().await?, &act, &scope, id).await?;
    let mut form = Form::filled(&[("version", &card.version.to_string())]);
    for field in Field::ALL.iter().filter(|field| !field.is_sealed()) {
        form.set(field.code(), card.get(*field).unwrap_or_default());
    }
    form.set("estate", card.estate.map(|id| id.to_string()).unwrap_or_default());
    page(&particulars_page(&app, &viewer, shell, form, card).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let values = read_values(&mut form, Field::ALL, &card.values, today(&act));
    let scope: Scope = viewer.scope(Permission::VolunteerEdit);
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    if let Some(estate) = estate {
        place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
    }
    if form.ok() {
        refuse_stale(&card, &form)?;
        let now = Card { values, estate, ..card.clone() };
        let done = joining::change(&mut tx, &act, &card, &now, "").await;
        if let Some(()) = form.noted("identity", done)? {
            tx.commit().await?;
            return Ok(redirect(&to(id), "已改好"));
        }
    }
    drop(tx);
    page_again(&particulars_page(&app, &viewer, shell, form, card).await?)
}

pub(super) async fn again(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    failed: (&'static str, Form),
) -> Result<Response> {
    page_again(&show_page(app, viewer, shell, id, failed).await?)
}

/// Whoever was recommended has signed on paper.
async fn sign(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    refuse_stale(&card, &form)?;
    if !form.is("signed", "yes") {
        form.fail("signed", "请先看到本人签字的同意书");
        drop(tx);
        return again(&app, &viewer, shell, id, ("signature", form)).await;
    }
    let done = joining::agree(&mut tx, &act, &card, card.clone(), How::Signed).await;
    match form.ended(tx, "signed", done).await? {
        Some(()) => Ok(redirect(&to(id), "已登记本人同意，可以确认了")),
        None => again(&app, &viewer, shell, id, ("signature", form)).await,
    }
}

async fn guardian(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    refuse_stale(&card, &form)?;
    let named = read_guardian(&mut form).or(card.guardian.clone());
    if named.is_none() {
        form.fail("guardian_name", "请填写监护人的姓名和电话");
    }
    let on = form.choice("agreed_on", "哪一天签的", |text| text.parse::<Date>().ok());
    let (Some(named), Some(on), true) = (named, on, form.ok()) else {
        drop(tx);
        return again(&app, &viewer, shell, id, ("guardian", form)).await;
    };
    let mut done = joining::guardian_agrees(&mut tx, &act, &card, named, on).await;
    // Of somebody who is grown up nobody else says it.
    let minor = joining::maturity(&mut tx, &act, &card).await? == Maturity::Minor;
    if done.is_ok() && minor && form.is("honour_too", "yes") {
        done = joining::consent(&mut tx, &act, id, Purpose::Honour, How::Guardian).await;
    }
    match form.ended(tx, "agreed_on", done).await? {
        Some(()) => Ok(redirect(&to(id), "已登记监护人同意")),
        None => again(&app, &viewer, shell, id, ("guardian", form)).await,
    }
}

async fn confirm(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    refuse_stale(&card, &form)?;
    let done = joining::confirm(&mut tx, &act, &card).await;
    match form.ended(tx, "confirmation", done).await? {
        Some(()) => Ok(redirect(&to(id), "已确认，成了志愿者")),
        None => again(&app, &viewer, shell, id, ("confirmation", form)).await,
    }
}

async fn refuse(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    refuse_stale(&card, &form)?;
    let sentence = "本人看得到，也会写进审计记录，请不要写电话或身份证号";
    let why = form.open_text("refused_why", "为什么", 2..=100, sentence);
    if !form.ok() {
        drop(tx);
        return again(&app, &viewer, shell, id, ("refusal", form)).await;
    }
    let done = joining::refuse(&mut tx, &act, &card, &why).await;
    match form.ended(tx, "refused_why", done).await? {
        Some(()) => Ok(redirect(&to(id), "已答复，本人打开链接就看得到")),
        None => again(&app, &viewer, shell, id, ("refusal", form)).await,
    }
}

async fn vet(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerReveal).await?;
    let result = form.choice("result", "查询结果", Outcome::parse);
    let on = form.choice("checked_on", "哪一天查的", |text| text.parse::<Date>().ok());
    let proof = form.text("proof_no", "证明编号", 0..=40);
    let (Some(result), Some(on), true) = (result, on, form.ok()) else {
        drop(tx);
        return again(&app, &viewer, shell, id, ("vetting", form)).await;
    };
    let done = joining::vet(&mut tx, &act, card.id, (result, on), &proof).await;
    match form.ended(tx, "checked_on", done).await? {
        Some(0) => Ok(redirect(&to(id), "已登记查询结果")),
        Some(given_up) => {
            let words = format!("已登记查询结果。陪孩子的活动，报上的 {given_up} 个名额已取消，请告诉本人和队长");
            Ok(redirect(&to(id), &words))
        }
        None => again(&app, &viewer, shell, id, ("vetting", form)).await,
    }
}

async fn join(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let wanted = form.choice("team", "服务队", |id| id.parse::<Uuid>().ok());
    let post = form.choice("post", "职务", Post::parse);
    if card.state != Standing::Active {
        form.fail("team", "确认以后才能加入服务队");
    }
    let (Some(wanted), Some(post), true) = (wanted, post, form.ok()) else {
        drop(tx);
        return again(&app, &viewer, shell, id, ("membership", form)).await;
    };
    store::team_in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::VolunteerEdit), wanted).await?;
    let done = team::join(&mut tx, &act, wanted, id, post, card.way, today(&act)).await;
    match form.ended(tx, "team", done).await? {
        Some(()) => Ok(redirect(&to(id), "已加入服务队")),
        None => again(&app, &viewer, shell, id, ("membership", form)).await,
    }
}

async fn set_post(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, team)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let scope = viewer.scope(Permission::VolunteerEdit);
    let team = store::team_in_reach(&mut tx, viewer.tenant, &scope, team).await?;
    let post = Post::parse(form.value("post")).ok_or_else(|| Error::refused("请选择职务"))?;
    team::set_post(&mut tx, &act, &team, id, post).await?;
    tx.commit().await?;
    Ok(redirect(&to(id), "已改好职务"))
}

async fn quit(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, team)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    let scope = viewer.scope(Permission::VolunteerEdit);
    let team = store::team_in_reach(&mut tx, viewer.tenant, &scope, team).await?;
    team::quit(&mut tx, &act, &team, id).await?;
    tx.commit().await?;
    Ok(redirect(&to(id), "已退出这支队"))
}

async fn decide_star(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, star)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, _) = reached(&app, &viewer, id, Permission::HoursApprove).await?;
    let withdraws = form.is("decision", "withdraw");
    let refusal = match form.value("decision") {
        "yes" => None,
        "withdraw" => {
            let sentence = "本人看得到，不要写电话或身份证号";
            Some(form.open_text("withdrawn_why", "为什么收回", 2..=100, sentence))
        }
        "no" => {
            let sentence = "本人看得到，不要写电话或身份证号";
            Some(form.open_text("star_why", "为什么不授予", 2..=100, sentence))
        }
        _ => return Err(Error::refused("请点“授予”或“不授予”")),
    };
    if !form.ok() {
        drop(tx);
        return again(&app, &viewer, shell, id, ("star", form)).await;
    }
    let done = match refusal.as_deref().filter(|_| withdraws) {
        Some(why) => star::withdraw(&mut tx, &act, id, star, why).await,
        None => star::decide(&mut tx, &act, id, star, refusal.as_deref()).await,
    };
    match form.ended(tx, "star_why", done).await? {
        Some(()) => Ok(redirect(&to(id), "已答复本人")),
        None => again(&app, &viewer, shell, id, ("star", form)).await,
    }
}

#[derive(Template)]
#[template(path = "volunteer/web/link.html")]
struct LinkPage {
    shell: Shell,
    card: Card,
    address: String,
    picture: String,
}

/// A new link for somebody who has none yet, whose link was lost, or is in somebody else's hands. Staff see it this once, and that they did is
/// written down: with the link of whoever leads somebody could confirm the hours that they approve.
async fn renew(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    refuse_stale(&card, &form)?;
    joining::renew_link(&mut tx, &act, &card).await?;
    let card = card::card(&mut tx, &act, id).await?;
    tx.commit().await?;
    let address = app.link(&format!("/volunteering/{}", card.link(viewer.tenant, &app.means.keys)));
    page(&LinkPage { shell, picture: qr(&address)?, address, card })
}

/// Which resident somebody is, is told only to those who may read residents.
async fn tie(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    app.act(&viewer, Permission::ResidentRead)?;
    refuse_stale(&card, &form)?;
    let resident = match form.value("resident") {
        "" => None,
        written => {
            let residents = viewer.scope(Permission::ResidentRead);
            let offered =
                candidate::candidates(&mut tx, &act, &residents, (card.get(Field::Identity), card.name())).await?;
            let chosen = offered.into_iter().find(|offered| offered.id.to_string() == written);
            Some(chosen.ok_or(Error::NotFound)?.id)
        }
    };
    joining::change(&mut tx, &act, &card, &Card { resident, ..card.clone() }, "").await?;
    tx.commit().await?;
    Ok(redirect(&to(id), if resident.is_some() { "和居民登记对上了" } else { "已取消关联" }))
}

async fn leave(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    refuse_stale(&card, &form)?;
    let sentence = "这句话会写进审计记录，请不要写电话或身份证号";
    let why = form.open_text("left_why", "为什么", 2..=100, sentence);
    if !form.ok() {
        drop(tx);
        return again(&app, &viewer, shell, id, ("departure", form)).await;
    }
    let done = joining::leave(&mut tx, &act, &card, &why).await;
    match form.ended(tx, "left_why", done).await? {
        Some(()) => Ok(redirect(&to(id), "已登记退出，做过的服务还在")),
        None => again(&app, &viewer, shell, id, ("departure", form)).await,
    }
}

/// Whoever has left wants their particulars gone.
async fn forget(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (mut tx, act, card) = reached(&app, &viewer, id, Permission::VolunteerEdit).await?;
    refuse_stale(&card, &form)?;
    joining::forget(&mut tx, &act, &card).await?;
    tx.commit().await?;
    // Where they lived is gone too, so whoever works for a part of the community does not find them any more.
    Ok(redirect("/volunteers?state=left", "资料已删去，做过的服务还在"))
}
