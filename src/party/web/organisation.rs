//! The tree of organisations, one of them with its committee and its members, and the forms for both.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Tx;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::audit;
use crate::error::{Error, Result};
use crate::party::member::{self, today};
use crate::party::member_list;
use crate::party::model::{Counting, Figures, Heads, Kind, Member, Post, Rules, Standing, standing, warnings};
use crate::party::organisation::{self, NewOrganisation, term_end};
use crate::party::store::{self, HeldPost, Organisation};
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::{place, settings, workbook};

pub fn routes() -> Routes {
    use Permission::{PartyEdit, PartyRead};
    Routes::default()
        .get("/party", PartyRead, tree)
        .get("/party/organisations/new", PartyEdit, new)
        .post("/party/organisations", PartyEdit, create)
        .get("/party/organisations/{id}", PartyRead, show_one)
        .get("/party/organisations/{id}/particulars", PartyEdit, edit)
        .post("/party/organisations/{id}/particulars", PartyEdit, change)
        .post("/party/organisations/{id}/posts", PartyEdit, add_post)
        .post("/party/organisations/{id}/posts/{post}/end", PartyEdit, end_post)
        .post("/party/organisations/{id}/member-list", PartyEdit, take_away)
}

/// An organisation in the tree.
struct Node {
    depth: usize,
    organisation: Organisation,
    figures: Figures,
    secretary: Option<String>,
    warnings: Vec<String>,
}

#[derive(Template)]
#[template(path = "party/web/tree.html")]
struct TreePage {
    shell: Shell,
    nodes: Vec<Node>,
    may_edit: bool,
    may_import: bool,
}

async fn tree(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyRead)?;
    let mut tx = app.db.read().await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let organisations = store::organisations(&mut tx, viewer.tenant, &viewer.scope(Permission::PartyRead)).await?;
    let figures = figures(&mut tx, viewer.tenant).await?;
    let posts = store::posts(&mut tx, viewer.tenant).await?;
    let mut nodes = Vec::new();
    let inside = |id: Uuid| organisations.iter().any(|known| known.id == id);
    let roots = organisations.iter().filter(|known| known.parent_id.is_none_or(|parent| !inside(parent)));
    let mut ahead: Vec<(usize, &Organisation)> = roots.map(|root| (0, root)).collect();
    ahead.reverse();
    while let Some((depth, organisation)) = ahead.pop() {
        let below = organisations.iter().filter(|known| known.parent_id == Some(organisation.id));
        ahead.extend(below.rev().map(|below| (depth + 1, below)));
        let held: Vec<&HeldPost> = posts.iter().filter(|post| post.party_organisation_id == organisation.id).collect();
        let figures = figures.get(&organisation.id).copied().unwrap_or_default();
        nodes.push(Node {
            depth,
            figures,
            secretary: held.iter().find(|held| held.post == Post::Secretary).map(|held| held.name.clone()),
            warnings: lacks(organisation, &figures, &held, &rules, today(&act)),
            organisation: organisation.clone(),
        });
    }
    let (may_edit, may_import) = (viewer.may(Permission::PartyEdit), viewer.may(Permission::PartyImport));
    page(&TreePage { shell, nodes, may_edit, may_import })
}

async fn figures(tx: &mut Tx, tenant: Uuid) -> Result<HashMap<Uuid, Figures>> {
    let mut all: HashMap<Uuid, Figures> = HashMap::new();
    for (id, counted) in store::figures(tx, tenant).await? {
        let figures = all.entry(id).or_default();
        figures.members += counted.members;
        figures.full += counted.full;
        figures.others += counted.others;
    }
    Ok(all)
}

fn lacks(
    organisation: &Organisation,
    figures: &Figures,
    held: &[&HeldPost],
    rules: &Rules,
    today: Date,
) -> Vec<String> {
    let posts: Vec<(Uuid, Post)> = held.iter().map(|held| (held.member_id, held.post)).collect();
    warnings(organisation.kind, figures, &posts, organisation.term_ends(), rules, today)
}

// ---------- one ----------

#[derive(Template)]
#[template(path = "party/web/organisation.html")]
struct OrganisationPage {
    shell: Shell,
    organisation: Organisation,
    parent: Option<Organisation>,
    below: Vec<Organisation>,
    posts: Vec<HeldPost>,
    warnings: Vec<String>,
    heads: Heads,
    members: Vec<(Member, Standing)>,
    next: Option<String>,
    /// The list shows who is not here any more.
    left: bool,
    may_edit: bool,
    may_import: bool,
    form: Form,
}

impl OrganisationPage {
    fn choices(&self) -> Vec<(&'static str, &'static str)> {
        let group = self.organisation.kind == Kind::Group;
        let fits = |post: &&Post| group == (**post == Post::GroupLeader);
        Post::ALL.iter().filter(fits).map(|post| (post.code(), post.label())).collect()
    }

    fn is_group(&self) -> bool {
        self.organisation.kind == Kind::Group
    }

    /// Where members are written down: a 党小组 has those of its branch.
    fn branch(&self) -> Uuid {
        self.organisation.parent_id.filter(|_| self.is_group()).unwrap_or(self.organisation.id)
    }

    fn group(&self) -> String {
        if self.is_group() { format!("?group={}", self.organisation.id) } else { String::new() }
    }
}

/// So many members stand on a page.
const PAGE: usize = 60;

/// Which members are looked at.
#[derive(Default, Deserialize)]
struct Asked {
    after: Option<Uuid>,
    #[serde(default)]
    left: bool,
}

async fn organisation_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (asked, form): (Asked, Form),
) -> Result<OrganisationPage> {
    let act = app.act(viewer, Permission::PartyRead)?;
    let scope = viewer.scope(Permission::PartyRead);
    let mut tx = app.db.read().await?;
    let organisation = store::organisation(&mut tx, viewer.tenant, &scope, id).await?;
    let all = store::organisations(&mut tx, viewer.tenant, &scope).await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let counting: Counting = settings::read(&mut tx, viewer.tenant, act.at).await?;
    let group = Some(id).filter(|_| organisation.kind == Kind::Group);
    let branch = organisation.parent_id.filter(|_| group.is_some()).unwrap_or(id);
    let heads = store::heads(&mut tx, viewer.tenant, (branch, group), (&counting, today(&act))).await?;
    let left = asked.left;
    let listed = store::Listed { organisation: branch, group, left };
    let members = store::members(&mut tx, viewer.tenant, listed, asked.after, PAGE).await?;
    let stands = |member: Member| {
        let standing = standing(&member, &counting, today(&act));
        (member, standing)
    };
    let left_too = if left { "left=true&" } else { "" };
    let next = members.next.map(|last| format!("/party/organisations/{id}?{left_too}after={}", last.id));
    let mut posts = store::posts(&mut tx, viewer.tenant).await?;
    posts.retain(|post| post.party_organisation_id == id);
    posts.sort_by_key(|post| post.post);
    let figures = figures(&mut tx, viewer.tenant).await?.get(&id).copied().unwrap_or_default();
    let warnings = lacks(&organisation, &figures, &posts.iter().collect::<Vec<_>>(), &rules, today(&act));
    Ok(OrganisationPage {
        parent: all.iter().find(|known| Some(known.id) == organisation.parent_id).cloned(),
        below: all.into_iter().filter(|known| known.parent_id == Some(id)).collect(),
        members: members.items.into_iter().map(stands).collect(),
        heads,
        next,
        may_edit: viewer.may(Permission::PartyEdit),
        may_import: viewer.may(Permission::PartyImport),
        shell,
        organisation,
        posts,
        warnings,
        left,
        form,
    })
}

async fn show_one(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    page(&organisation_page(&app, &viewer, shell, id, (asked, Form::default())).await?)
}

async fn add_post(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let mut tx = app.db.begin().await?;
    let organisation = store::organisation(&mut tx, viewer.tenant, &scope, id).await?;
    let post = form.choice("post", "职务", Post::parse);
    let since = form.choice("since", "从哪一天起", |text| text.parse::<Date>().ok());
    let name = form.person_name("who");
    let mut found = match &name {
        Some(name) => member::by_name(&mut tx, &act, &scope, name).await?,
        None => Vec::new(),
    };
    let own = |card: &member::Card| [Some(card.home.organisation), card.home.group].contains(&Some(organisation.id));
    if found.iter().filter(|card| own(card)).count() == 1 {
        found.retain(own);
    }
    match (&name, found.len()) {
        (None, _) | (_, 1) => {}
        (Some(_), 0) => form.fail("who", "没有这个姓名的党员，请先登记"),
        (Some(_), _) => form.fail("who", "有几名同名的党员，请在他本人所在的支部里登记"),
    }
    let (Some(post), Some(since), Some(member), true) = (post, since, found.first(), form.ok()) else {
        drop(tx);
        return page_again(&organisation_page(&app, &viewer, shell, id, (Asked::default(), form)).await?);
    };
    member::join_post(&mut tx, &act, id, member.id, post, since).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/party/organisations/{id}"), &format!("已登记{post}")))
}

async fn end_post(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, post)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let mut tx = app.db.begin().await?;
    store::organisation(&mut tx, viewer.tenant, &viewer.scope(Permission::PartyEdit), id).await?;
    member::end_post(&mut tx, &act, id, post).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/party/organisations/{id}"), "已免去，记录还在"))
}

/// The member list as a workbook, masked like the rolls of residents that nobody has approved. That it was taken away is written down before it is given.
async fn take_away(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let mut tx = app.db.begin().await?;
    let organisation = store::organisation(&mut tx, viewer.tenant, &viewer.scope(Permission::PartyEdit), id).await?;
    if organisation.kind == Kind::Group {
        return Err(Error::refused("花名册按党支部导出，请到所在的党支部"));
    }
    let rows = member_list::rows(&mut tx, &act, &organisation).await?;
    audit::record(&mut tx, &act, "export", ("party_organisation", id), &format!("{} 人", rows.len()), &[]).await?;
    tx.commit().await?;
    let mark = format!("{} {} 导出，姓名和号码已隐去", viewer.name, show::day_and_time(&act.at));
    let made = move || member_list::workbook(rows, Some(&mark));
    let content = tokio::task::spawn_blocking(made).await.map_err(|error| Error::Internal(error.into()))??;
    Ok(workbook::response(content, "党员花名册.xlsx"))
}

// ---------- the form ----------

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "party/web/organisation-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    /// The one that is changed; `None` for a new one.
    organisation: Option<Organisation>,
    parents: Options,
    estates: Options,
}

impl FormPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        // A group is no branch and never becomes one: its members belong to another.
        let group = self.organisation.as_ref().map(|organisation| organisation.kind == Kind::Group);
        let fits = |kind: &&Kind| group.is_none_or(|group| group == (**kind == Kind::Group));
        Kind::ALL.iter().filter(fits).map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn form_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    form: Form,
    organisation: Option<Organisation>,
) -> Result<FormPage> {
    let scope = viewer.scope(Permission::PartyEdit);
    let mut tx = app.db.read().await?;
    let parents = store::organisations(&mut tx, viewer.tenant, &scope).await?;
    let parents = parents.into_iter().filter(|known| known.kind != Kind::Group);
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    Ok(FormPage {
        shell,
        form,
        organisation,
        parents: parents.map(|known| (known.id.to_string(), known.name)).collect(),
        estates: estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect(),
    })
}

#[derive(Deserialize)]
struct Below {
    #[serde(default)]
    parent: String,
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(below): Query<Below>) -> Result<Response> {
    let form = Form::filled(&[("parent", &below.parent), ("kind", Kind::Branch.code())]);
    page(&form_page(&app, &viewer, shell, form, None).await?)
}

/// What the form says of an organisation, new or known. A part of a date may be left out.
fn read_form(form: &mut Form) -> (Option<Kind>, String, Option<Uuid>, Option<String>) {
    let kind = form.choice("kind", "类别", Kind::parse);
    let name = form.text("name", "名称", 2..=60);
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    (kind, name, estate, day(form, "founded_on", "成立时间"))
}

fn day(form: &mut Form, name: &str, label: &str) -> Option<String> {
    let read = |text: &str| codes::date::parse(text).ok().map(|date| date.to_string());
    form.optional_choice(name, label, read)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let (kind, name, estate, founded_on) = read_form(&mut form);
    let parent = form.optional_choice("parent", "上级", |id| id.parse::<Uuid>().ok());
    if parent.is_none() && scope.account.is_some() {
        form.fail("parent", "请选择上级党组织");
    }
    let mut tx = app.db.begin().await?;
    if let Some(parent) = parent {
        store::organisation(&mut tx, viewer.tenant, &scope, parent).await?;
    }
    if let Some(estate) = estate {
        place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
    }
    if let (Some(kind), true) = (kind, form.ok()) {
        let done =
            organisation::create(&mut tx, &act, NewOrganisation { kind, name, parent, estate, founded_on }).await;
        if let Some(id) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/party/organisations/{id}"), "已登记，接着登记书记和党员"));
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form, None).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::PartyEdit);
    let organisation = store::organisation(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let form = Form::filled(&[
        ("kind", organisation.kind.code()),
        ("name", &organisation.name),
        ("estate", &organisation.estate_id.map_or_else(String::new, |id| id.to_string())),
        ("founded_on", &text(&organisation.founded_on)),
        ("term_began_on", &text(&organisation.term_began_on)),
        ("term_ends_on", &text(&organisation.term_ends_on)),
        ("version", &organisation.lock_version.to_string()),
    ]);
    page(&form_page(&app, &viewer, shell, form, Some(organisation)).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PartyEdit)?;
    let scope = viewer.scope(Permission::PartyEdit);
    let mut tx = app.db.begin().await?;
    let before = store::organisation(&mut tx, viewer.tenant, &scope, id).await?;
    let (kind, name, estate, founded_on) = read_form(&mut form);
    let began = form.optional_choice("term_began_on", "本届从哪一天起", |text| text.parse::<Date>().ok());
    let ends = form.optional_choice("term_ends_on", "本届到哪一天", |text| text.parse::<Date>().ok());
    let rules: Rules = settings::read(&mut tx, viewer.tenant, act.at).await?;
    if let Some(estate) = estate {
        place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
    }
    if let Some(other) = store::named(&mut tx, viewer.tenant, &crate::access::Scope::tenant(), &name).await?
        && other.id != id
    {
        form.fail("name", "已经有一个同名的党组织");
    }
    if kind.is_some_and(|kind| (kind == Kind::Group) != (before.kind == Kind::Group)) {
        form.fail("kind", "党小组和党支部不能互改，请另外登记");
    }
    if estate != before.estate_id && scope.account.is_some() {
        form.fail("estate", "小区由社区改，请联系社区工作人员");
    }
    // A new beginning without an end lasts as long as the setting says.
    let fresh = began.map(|day| day.to_string()) != before.term_began_on;
    let kept = ends.filter(|ends| !fresh || Some(ends.to_string()) != before.term_ends_on);
    let ends = kept.or_else(|| began.and_then(|began| term_end(&rules, began)));
    if began.zip(ends).is_some_and(|(began, ends)| ends <= began) {
        form.fail("term_ends_on", "到期的日子要在开始以后");
    }
    let (Some(kind), true) = (kind, form.ok()) else {
        drop(tx);
        return page_again(&form_page(&app, &viewer, shell, form, Some(before)).await?);
    };
    if form.version() != before.lock_version {
        return Err(Error::Stale("这个党组织刚刚有别人改过，请看一下再改。".to_owned()));
    }
    let term = |day: Option<Date>| day.map(|day| day.to_string());
    let (term_began_on, term_ends_on) = (term(began), term(ends));
    let now = Organisation { kind, name, estate_id: estate, founded_on, term_began_on, term_ends_on, ..before.clone() };
    match organisation::change(&mut tx, &act, &before, &now).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(redirect(&format!("/party/organisations/{id}"), "已改好"))
        }
        Err(Error::Refused(sentence)) => {
            drop(tx);
            form.fail("kind", sentence);
            page_again(&form_page(&app, &viewer, shell, form, Some(before)).await?)
        }
        Err(error) => Err(error),
    }
}
