//! A campaign is planned, dealt out, opened, and comes to an end.

use std::collections::{BTreeMap, BTreeSet};

use db::{Json, Tx};
use jiff::Timestamp;
use uuid::Uuid;

use super::model::{DoorState, Question, QuestionKind, Rules, State, Walker, deal as deal_out};
use super::store::{
    self, ADD, ADD_DOOR, ADD_WALKER, Campaign, DEAL, DEAL_BUILDING, DEAL_LEFT, OVERDUE, REMOVE_WALKER, TURN, UNSETTLED,
    Unsettled,
};
use crate::access::{self, Act, Holder, Permission, Reach, Scope};
use crate::error::{Error, Result};
use crate::registry::roll::{self, Filter};
use crate::{audit, settings};

/// A campaign has at most so many doors: what a walk of some weeks can do.
pub(super) const MOST_DOORS: usize = 5_000;

/// A campaign that is to be planned.
#[derive(Debug, Clone)]
pub struct Order {
    pub title: String,
    /// What is said at the door.
    pub words: String,
    /// Whose campaign it is: a party branch or the community.
    pub organisation: Uuid,
    pub origin: String,
    pub questions: Vec<Question>,
    /// The end of its last day.
    pub until: Timestamp,
    /// Whose homes; within `filter.estate` only those in `buildings`, unless that is empty.
    pub filter: Filter,
    pub buildings: Vec<Uuid>,
}

/// Plans a campaign over the doors that fit, and deals them out to the people whose grids they are in. It is a draft until
/// it is opened.
///
/// Errors: refused if no door fits, too many do, it is over before it began, or it asks too much.
pub async fn create(tx: &mut Tx, act: &Act, scope: &Scope, order: &Order) -> Result<Uuid> {
    let rules: Rules = settings::read(tx, act.tenant, act.at).await?;
    if order.until <= act.at {
        return Err(Error::refused("截止的日子已经过了，请选今天或以后的日子"));
    }
    if order.questions.len() as i64 > rules.questions {
        return Err(Error::refused(format!("最多问 {} 个问题：在门口问不了太多", rules.questions)));
    }
    for question in &order.questions {
        let choices = matches!(question.kind, QuestionKind::Choice | QuestionKind::Choices);
        if choices && question.options.len() < 2 {
            return Err(Error::refused(format!("“{}”要有两个以上的选项", question.text)));
        }
    }
    let today = act.at.to_zoned_datetime(calendar::shanghai()).date();
    // Of an estate of which only some buildings are wanted the others are read too.
    let read = if order.buildings.is_empty() { MOST_DOORS } else { 4 * MOST_DOORS };
    let mut homes = roll::homes(tx, act.tenant, scope, &order.filter, today, read).await?;
    homes.retain(|home| order.buildings.is_empty() || order.buildings.contains(&home.building_id));
    if homes.is_empty() {
        return Err(Error::refused("没有符合条件的住户，请放宽条件"));
    }
    if homes.len() > MOST_DOORS {
        return Err(Error::refused(format!("一次最多走 {MOST_DOORS} 户，请按小区或楼栋分几次")));
    }
    let id = act.id();
    let row = ADD.bind(act.tenant).bind(id).bind(&order.title).bind(&order.words).bind(order.organisation);
    let row = row.bind(order.filter.estate).bind(&order.origin).bind(Json(&order.questions)).bind(order.until);
    tx.execute(row.bind(act.account).bind(act.at)).await?;
    let door = |(at, home): (usize, &roll::Home)| {
        ADD_DOOR
            .bind(act.tenant)
            .bind(id)
            .bind(home.dwelling_id)
            .bind(home.building_id)
            .bind(at as i64)
            .bind(DoorState::Open)
            .bind(0)
    };
    tx.execute_many(ADD_DOOR, homes.iter().enumerate().map(door).collect()).await?;
    let grids: BTreeSet<Uuid> = homes.iter().filter_map(|home| home.grid_id).collect();
    for holder in access::holders(tx, act.tenant, Permission::VisitRecord).await? {
        let of_these_grids = |grant: &access::Grant| {
            grant.reach == Reach::Grid && grant.reach_id.is_some_and(|grid| grids.contains(&grid))
        };
        if holder.grants.iter().any(of_these_grids) {
            tx.execute(walker(act, id, holder.account, false)).await?;
        }
    }
    audit::record(tx, act, "create", ("campaign", id), &format!("{} 户", homes.len()), &[]).await?;
    deal(tx, act, id).await?;
    Ok(id)
}

fn walker(act: &Act, campaign: Uuid, account: Uuid, joined: bool) -> db::Query {
    ADD_WALKER.bind(act.tenant).bind(campaign).bind(account).bind(joined).bind(act.at)
}

/// Deals the doors that are still to be knocked at out anew, among those who knock now.
pub async fn deal(tx: &mut Tx, act: &Act, campaign: Uuid) -> Result<()> {
    let doors: Vec<Unsettled> = tx.all(UNSETTLED.bind(act.tenant).bind(campaign)).await?;
    let knocking: BTreeSet<Uuid> = store::walkers(tx, act.tenant, campaign)
        .await?
        .into_iter()
        .filter(|walker| walker.disabled_at.is_none())
        .map(|walker| walker.account_id)
        .collect();
    let holders = access::holders(tx, act.tenant, Permission::VisitRecord).await?;
    let walkers: Vec<Walker> = holders
        .iter()
        .filter(|holder| knocking.contains(&holder.account))
        .map(|holder| Walker { account: holder.account, grids: grids_of(holder, &doors) })
        .collect();
    let grids: Vec<Option<Uuid>> = doors.iter().map(|door| door.grid_id).collect();
    let dealt = deal_out(&grids, &walkers);
    // Neighbouring doors of one person are one statement. Settled doors between them are left alone by the statement.
    let mut at = 0;
    while at < doors.len() {
        let last = (at..doors.len()).take_while(|next| dealt[*next] == dealt[at]).last().unwrap_or(at);
        let stretch = DEAL.bind(act.tenant).bind(campaign).bind(dealt[at]);
        tx.execute(stretch.bind(doors[at].position).bind(doors[last].position)).await?;
        at = last + 1;
    }
    let words = format!("{} 户分给 {} 人", doors.len(), walkers.len());
    audit::record(tx, act, "deal", ("campaign", campaign), &words, &[]).await
}

/// The grids that are somebody's: named in a grant, or of the estate that a grant names.
fn grids_of(holder: &Holder, doors: &[Unsettled]) -> Vec<Uuid> {
    let mut grids: BTreeSet<Uuid> = BTreeSet::new();
    for grant in &holder.grants {
        match (grant.reach, grant.reach_id) {
            (Reach::Grid, Some(grid)) => drop(grids.insert(grid)),
            (Reach::Estate, Some(estate)) => {
                grids.extend(doors.iter().filter(|door| door.estate_id == estate).filter_map(|door| door.grid_id));
            }
            _ => {}
        }
    }
    grids.into_iter().collect()
}

/// A campaign whose doors are still to be knocked at.
///
/// Errors: refused if it has ended.
async fn running(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Campaign> {
    let campaign = store::campaign(tx, act.tenant, id).await?;
    match campaign.state {
        State::Draft | State::Open => Ok(campaign),
        State::Ended | State::Withdrawn => Err(Error::refused(format!("这次走访{}，不能再改谁去走", campaign.state))),
    }
}

/// Deals anew what has not been walked yet.
pub(super) async fn redeal(tx: &mut Tx, act: &Act, campaign: Uuid) -> Result<()> {
    running(tx, act, campaign).await?;
    deal(tx, act, campaign).await
}

/// Gives what is left of a building to one of those who knock.
pub(super) async fn assign(tx: &mut Tx, act: &Act, campaign: Uuid, building: Uuid, account: Uuid) -> Result<()> {
    running(tx, act, campaign).await?;
    if !store::walks(tx, act.tenant, campaign, account).await? {
        return Err(Error::refused("这个人还没有参加这次走访，请先加进来"));
    }
    tx.execute(DEAL_BUILDING.bind(act.tenant).bind(campaign).bind(account).bind(building)).await?;
    audit::record(tx, act, "deal", ("campaign", campaign), "一栋楼换人走", &[]).await
}

/// Somebody will knock too. Doors that are nobody's are theirs at once; of the others some are when they are dealt anew.
pub async fn join(tx: &mut Tx, act: &Act, campaign: Uuid, account: Uuid) -> Result<()> {
    running(tx, act, campaign).await?;
    let joined = act.account == Some(account);
    if tx.execute(walker(act, campaign, account, joined)).await? > 0 {
        tx.execute(DEAL_LEFT.bind(act.tenant).bind(campaign).bind(account)).await?;
        audit::record(tx, act, "join", ("campaign", campaign), "", &[]).await?;
    }
    Ok(())
}

/// Somebody does not knock any more; their doors are dealt out anew.
pub(super) async fn leave(tx: &mut Tx, act: &Act, campaign: Uuid, account: Uuid) -> Result<()> {
    running(tx, act, campaign).await?;
    tx.execute_one(REMOVE_WALKER.bind(act.tenant).bind(campaign).bind(account)).await?;
    audit::record(tx, act, "leave", ("campaign", campaign), "", &[]).await?;
    deal(tx, act, campaign).await
}

/// Opens a draft: from now on its doors are on the phones.
///
/// Errors: refused if it is not a draft, or nobody knocks.
pub async fn open(tx: &mut Tx, act: &Act, id: Uuid, seen: i64) -> Result<()> {
    let campaign = store::campaign(tx, act.tenant, id).await?;
    let knocking =
        store::walkers(tx, act.tenant, id).await?.iter().filter(|walker| walker.disabled_at.is_none()).count();
    if campaign.state == State::Draft && knocking == 0 {
        return Err(Error::refused("还没有人走访，请先在“谁去走”里加人"));
    }
    turn(tx, act, (&campaign, seen), &[State::Draft], State::Open, campaign.until, "open").await
}

/// More time for a campaign that is open or has ended.
pub(super) async fn extend(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, until: Timestamp) -> Result<()> {
    let campaign = store::campaign(tx, act.tenant, id).await?;
    if until <= act.at {
        return Err(Error::refused("新的截止日已经过了，请选今天或以后的日子"));
    }
    turn(tx, act, (&campaign, seen), &[State::Open, State::Ended], State::Open, until, "extend").await
}

/// Ends a campaign that is open, or withdraws one. What has been written down at its doors still comes in.
pub(super) async fn end(tx: &mut Tx, act: &Act, id: Uuid, seen: i64, withdraw: bool) -> Result<()> {
    let campaign = store::campaign(tx, act.tenant, id).await?;
    let (from, to, action): (&[State], _, _) = if withdraw {
        (&[State::Draft, State::Open], State::Withdrawn, "withdraw")
    } else {
        (&[State::Open], State::Ended, "end")
    };
    turn(tx, act, (&campaign, seen), from, to, campaign.until, action).await
}

/// Ends the campaigns whose last day is over.
pub async fn end_overdue(tx: &mut Tx, act: &Act) -> Result<()> {
    for over in tx.all::<Campaign>(OVERDUE.bind(act.tenant).bind(act.at)).await? {
        let seen = over.lock_version;
        turn(tx, act, (&over, seen), &[State::Open], State::Ended, over.until, "end").await?;
    }
    Ok(())
}

async fn turn(
    tx: &mut Tx,
    act: &Act,
    (campaign, seen): (&Campaign, i64),
    from: &[State],
    to: State,
    until: Timestamp,
    action: &str,
) -> Result<()> {
    let row = TURN.bind(act.tenant).bind(campaign.id).bind(seen).bind(to).bind(until);
    let opened = campaign.opened_at.or((to == State::Open).then_some(act.at));
    let ended = matches!(to, State::Ended | State::Withdrawn).then_some(act.at);
    let stale = campaign.lock_version != seen || !from.contains(&campaign.state);
    if stale || tx.execute(row.bind(opened).bind(ended)).await? == 0 {
        return Err(Error::Stale(format!("这次走访刚刚有人改过，现在是“{}”，请看一下再做。", campaign.state)));
    }
    audit::record(tx, act, action, ("campaign", campaign.id), "", &[]).await
}

/// How many doors each of those who knock has, and how many of them are settled.
pub(super) fn by_walker(coverage: &[store::Coverage]) -> Vec<(String, i64, i64)> {
    let mut walkers: BTreeMap<(bool, String), (i64, i64)> = BTreeMap::new();
    for row in coverage {
        let name = row.walker.clone().unwrap_or_else(|| "还没有分给谁".to_owned());
        let (doors, settled) = walkers.entry((row.walker.is_none(), name)).or_default();
        *doors += row.doors;
        *settled += row.done + row.given_up;
    }
    walkers.into_iter().map(|((_, name), (doors, settled))| (name, doors, settled)).collect()
}
