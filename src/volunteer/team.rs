//! Teams are made and changed, and people join them and leave them.

use db::Tx;
use jiff::civil::Date;
use uuid::Uuid;

use super::card::today;
use super::model::{Post, Target, TeamKind, Way};
use super::sign_up;
use super::store::{
    self, ADD_TEAM, ADD_TEAM_ESTATE, ADD_TEAM_TARGET, CHANGE_TEAM, DROP_TEAM_ESTATES, DROP_TEAM_TARGETS, JOIN, Linked,
    QUIT, SET_POST, STEP_DOWN, Team,
};
use crate::access::{Act, Scope};
use crate::audit::{self, Change};
use crate::error::{Error, Result};

/// What is known of a team.
#[derive(Debug, Clone)]
pub struct Sketch {
    pub name: String,
    /// False for a place that is kept for a team of which nobody has said yet what it is called.
    pub named: bool,
    pub kind: TeamKind,
    pub slogan: String,
    pub founded_on: Option<String>,
    pub ended_on: Option<String>,
    pub estates: Vec<Uuid>,
    pub targets: Vec<Target>,
}

async fn refuse_taken(tx: &mut Tx, act: &Act, id: Option<Uuid>, name: &str) -> Result<()> {
    match store::team_named(tx, act.tenant, name).await? {
        Some(same) if Some(same.id) != id => Err(Error::refused("已经有一支同名的服务队")),
        _ => Ok(()),
    }
}

/// Errors: refused if the name is taken.
pub async fn create(tx: &mut Tx, act: &Act, new: &Sketch) -> Result<Uuid> {
    refuse_taken(tx, act, None, &new.name).await?;
    let id = act.id();
    let row = ADD_TEAM.bind(act.tenant).bind(id).bind(&new.name).bind(new.named).bind(new.kind).bind(&new.slogan);
    tx.execute(row.bind(new.founded_on.as_deref())).await?;
    place(tx, act, id, new).await?;
    audit::record(tx, act, "create", ("volunteer_team", id), &new.name, &[]).await?;
    Ok(id)
}

async fn place(tx: &mut Tx, act: &Act, id: Uuid, sketch: &Sketch) -> Result<()> {
    tx.execute(DROP_TEAM_ESTATES.bind(act.tenant).bind(id)).await?;
    let rows = sketch.estates.iter().map(|estate| ADD_TEAM_ESTATE.bind(act.tenant).bind(id).bind(*estate));
    tx.execute_many(ADD_TEAM_ESTATE, rows.collect()).await?;
    tx.execute(DROP_TEAM_TARGETS.bind(act.tenant).bind(id)).await?;
    let rows = sketch.targets.iter().map(|target| ADD_TEAM_TARGET.bind(act.tenant).bind(id).bind(*target));
    tx.execute_many(ADD_TEAM_TARGET, rows.collect()).await?;
    Ok(())
}

/// Writes what a team is called and whom it serves where.
///
/// Who may not be with children gives up the places to come if the team serves children from now on: gives how many places.
///
/// Errors: refused if the name is taken; stale if somebody else has changed it since.
pub async fn change(tx: &mut Tx, act: &Act, before: &Team, seen: i64, now: &Sketch) -> Result<usize> {
    refuse_taken(tx, act, Some(before.id), &now.name).await?;
    // Activities are held before anything else.
    let held = match now.targets.contains(&Target::Children) {
        true => sign_up::hold_coming(tx, act, before.id).await?,
        false => Vec::new(),
    };
    let known = store::teams(tx, act.tenant, &Scope::tenant()).await?;
    let known = known.into_iter().find(|placed| placed.team.id == before.id).ok_or(Error::NotFound)?;
    let row = CHANGE_TEAM.bind(act.tenant).bind(before.id).bind(seen).bind(&now.name).bind(now.named).bind(now.kind);
    let row = row.bind(&now.slogan).bind(now.founded_on.as_deref()).bind(now.ended_on.as_deref());
    if tx.execute(row).await? == 0 {
        return Err(Error::Stale("这支服务队刚刚有别人改过，请看一下再改。".to_owned()));
    }
    place(tx, act, before.id, now).await?;
    let unfit = match known.targets.contains(&Target::Children) {
        true => Vec::new(),
        false => sign_up::give_up_all_unfit(tx, act, &held).await?,
    };
    let mut changes = Vec::new();
    let mut compare = |field, old: Option<&str>, new: Option<&str>| {
        if old != new {
            changes.push(Change { field, old: old.map(str::to_owned), new: new.map(str::to_owned) });
        }
    };
    compare("name", Some(&before.name), Some(&now.name));
    compare("kind", Some(before.kind.label()), Some(now.kind.label()));
    compare("slogan", Some(&before.slogan), Some(&now.slogan));
    compare("founded_on", before.founded_on.as_deref(), now.founded_on.as_deref());
    compare("ended_on", before.ended_on.as_deref(), now.ended_on.as_deref());
    let named = |named: bool| Some(if named { "有队名" } else { "待命名" });
    compare("named", named(before.named), named(now.named));
    let targets = |targets: &[Target]| {
        let mut targets = targets.to_vec();
        targets.sort_unstable();
        targets.iter().map(|target| target.label()).collect::<Vec<_>>().join("、")
    };
    compare("targets", Some(&targets(&known.targets)), Some(&targets(&now.targets)));
    let estates = |estates: &[Uuid]| {
        let mut estates: Vec<String> = estates.iter().map(Uuid::to_string).collect();
        estates.sort_unstable();
        estates.join(",")
    };
    compare("estates", Some(&estates(&known.estates)), Some(&estates(&now.estates)));
    audit::record(tx, act, "update", ("volunteer_team", before.id), "", &changes).await?;
    for (volunteer, given_up) in &unfit {
        sign_up::note_given_up(tx, act, *volunteer, given_up, "服务队开始陪孩子，还没有有效的从业查询").await?;
    }
    Ok(unfit.len())
}

/// Somebody joins a team, unless they are in it.
///
/// Errors: refused if the team does not exist any more.
pub async fn join(tx: &mut Tx, act: &Act, team: Uuid, volunteer: Uuid, post: Post, way: Way, on: Date) -> Result<()> {
    let team = store::team(tx, act.tenant, team).await?;
    if team.ended_on.is_some() {
        return Err(Error::refused(format!("{}已经解散，请选别的队", team.name)));
    }
    let row = JOIN.bind(act.tenant).bind(act.id()).bind(team.id).bind(volunteer).bind(Post::Member).bind(way);
    let joins = tx.execute(row.bind(on.to_string())).await? > 0;
    let posts = if post == Post::Member { Vec::new() } else { put(tx, act, &team, volunteer, post).await? };
    if joins {
        audit::record(tx, act, "join_team", ("volunteer", volunteer), &team.name, &[]).await?;
    }
    note_posts(tx, act, &team, &posts).await
}

/// Somebody leads a team, or does not any more. Whoever led it before becomes one of its members.
///
/// Errors: not found if they are not in the team.
pub async fn set_post(tx: &mut Tx, act: &Act, team: &Team, volunteer: Uuid, post: Post) -> Result<()> {
    let posts = put(tx, act, team, volunteer, post).await?;
    note_posts(tx, act, team, &posts).await
}

/// Gives who has another post now.
async fn put(tx: &mut Tx, act: &Act, team: &Team, volunteer: Uuid, post: Post) -> Result<Vec<(Uuid, Post)>> {
    let led: Vec<Linked> = match post {
        Post::Leader => tx.all(STEP_DOWN.bind(act.tenant).bind(team.id).bind(volunteer)).await?,
        _ => Vec::new(),
    };
    tx.execute_one(SET_POST.bind(act.tenant).bind(team.id).bind(volunteer).bind(post)).await?;
    Ok(led.into_iter().map(|led| (led.id, Post::Member)).chain([(volunteer, post)]).collect())
}

async fn note_posts(tx: &mut Tx, act: &Act, team: &Team, posts: &[(Uuid, Post)]) -> Result<()> {
    for (volunteer, post) in posts {
        audit::record(tx, act, "take_post", ("volunteer", *volunteer), &format!("{}{post}", team.name), &[]).await?;
    }
    Ok(())
}

/// Errors: not found if they are not in the team.
pub async fn quit(tx: &mut Tx, act: &Act, team: &Team, volunteer: Uuid) -> Result<()> {
    tx.execute_one(QUIT.bind(act.tenant).bind(team.id).bind(volunteer).bind(today(act).to_string())).await?;
    audit::record(tx, act, "quit_team", ("volunteer", volunteer), &team.name, &[]).await
}
