//! The community itself: organisations, estates, grids, contacts, and the people who work for it.

use std::collections::BTreeMap;

use codes::address;
use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::people::Kind;
use super::plan::{Estate, Plan};
use crate::access::{self, Act, Grant, NewAccount, OrganisationKind, Reach, Role};
use crate::board::{self, NewContact, Post};
use crate::error::Result;
use crate::means::{Clock, Means};
use crate::place::{self, Settler};

/// A community that has been set up: where people can live, and who works there.
pub struct Community {
    pub tenant: Uuid,
    pub means: Means,
    pub estates: Vec<SettledEstate>,
    pub homes: Vec<Home>,
    pub cast: Cast,
}

pub struct SettledEstate {
    pub id: Uuid,
    pub name: String,
    /// Those that cover it, or a part of it.
    pub grids: Vec<Uuid>,
    /// By label.
    pub buildings: BTreeMap<String, Uuid>,
    pub company: Option<Actor>,
    pub committee: Actor,
    pub branch: Actor,
    /// The name of its secretary.
    pub secretary: String,
    /// The cadre of the community who looks after it.
    pub cadre: Actor,
}

#[derive(Debug, Clone, Copy)]
pub struct Home {
    pub dwelling: Uuid,
    pub estate: Uuid,
    pub kind: Kind,
}

/// Who works for the whole community.
pub struct Cast {
    pub secretary: Actor,
    pub desk: Actor,
    /// By grid.
    pub workers: BTreeMap<Uuid, Actor>,
    pub water: Actor,
    pub heat: Actor,
    pub enforcement: Actor,
    /// For each role the one that somebody who tries the program is to sign in as.
    pub shown: Vec<(Role, Actor, String)>,
}

/// Somebody with an account, in a role.
#[derive(Debug, Clone, Copy)]
pub struct Actor {
    pub account: Uuid,
    pub organisation: Uuid,
    pub role: Role,
}

impl SettledEstate {
    /// The grid of something that concerns the whole estate: that of its first building.
    pub fn grid(&self) -> Option<Uuid> {
        self.grids.first().copied()
    }
}

impl Community {
    /// Somebody doing something at a moment, which may lie in the past.
    pub fn act(&self, actor: Actor, at: Timestamp) -> Act {
        let (account, organisation) = (Some(actor.account), Some(actor.organisation));
        Act { account, organisation, role: actor.role, ..self.program(at) }
    }

    /// A resident without an account.
    pub fn resident(&self, at: Timestamp) -> Act {
        Act { role: Role::Resident, ..self.program(at) }
    }

    pub fn program(&self, at: Timestamp) -> Act {
        act_at(self.tenant, &self.means, at)
    }
}

/// The program itself at a moment; new identifiers follow the same clock.
pub fn act_at(tenant: Uuid, means: &Means, at: Timestamp) -> Act {
    Act::system(tenant, &Means { clock: Clock::at(at), ..means.clone() })
}

/// The login name of each role that is shown.
pub const LOGINS: [(Role, &str); 8] = [
    (Role::Secretary, "shuji"),
    (Role::Staff, "shegong"),
    (Role::BranchSecretary, "zhibu"),
    (Role::GridWorker, "wangge"),
    (Role::PropertyManager, "wuye"),
    (Role::SystemAdmin, "xitong"),
    (Role::SecurityAdmin, "anquan"),
    (Role::AuditAdmin, "shenji"),
];

/// Sets a community up from a plan, in an empty tenant whose own organisation is `home`. With a password, one account
/// of each role gets a login name.
pub async fn set_up(
    tx: &mut Tx,
    act: &Act,
    now: Timestamp,
    home: Uuid,
    plan: &Plan,
    password: Option<&str>,
) -> Result<Community> {
    let mut staffing = Staffing { act, now, password, shown: Vec::new() };
    let everywhere = (Reach::Tenant, None);
    let secretary = staffing.hire(tx, Role::Secretary, &plan.community.secretary, home, everywhere).await?;
    let desk = staffing.hire(tx, Role::Staff, "郭丽萍", home, everywhere).await?;
    for role in [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin] {
        staffing.hire(tx, role, role.label(), home, everywhere).await?;
    }

    let mut companies = BTreeMap::new();
    for company in &plan.companies {
        let kind = OrganisationKind::PropertyCompany;
        let id =
            access::create_organisation(tx, act, Some(home), kind, &company.name, company.phone.as_deref()).await?;
        let estates = plan.estates.iter().filter(|estate| company.estates.contains(&estate.name));
        let manager = estates.flat_map(|estate| contact(estate, Post::PropertyManager)).next().unwrap_or("物业经理");
        let actor = staffing.hire(tx, Role::PropertyManager, manager, id, (Reach::Organisation, Some(id))).await?;
        companies.extend(company.estates.iter().map(|estate| (estate.clone(), actor)));
    }
    let [water, heat, enforcement] = staffing.outsiders(tx, home).await?;

    let (mut estates, mut homes, mut settler) = (Vec::new(), Vec::new(), Settler::default());
    for estate in &plan.estates {
        let company = companies.get(&estate.name).copied();
        let settled = settle(tx, &mut staffing, home, estate, company, &mut settler, &mut homes).await?;
        estates.push(settled);
    }
    let workers = grids(tx, &mut staffing, home, plan, &mut estates).await?;
    let cast = Cast { secretary, desk, workers, water, heat, enforcement, shown: staffing.shown };
    Ok(Community { tenant: act.tenant, means: act.means.clone(), estates, homes, cast })
}

/// One estate with its buildings and homes, its party branch, its committee, its cadre and its contacts.
async fn settle(
    tx: &mut Tx,
    staffing: &mut Staffing<'_>,
    community: Uuid,
    estate: &Estate,
    company: Option<Actor>,
    settler: &mut Settler,
    homes: &mut Vec<Home>,
) -> Result<SettledEstate> {
    let act = staffing.act;
    let station = estate.station_address.as_deref();
    let id = place::create_estate(tx, act, &estate.name, station, company.map(|company| company.organisation)).await?;
    let here = (Reach::Estate, Some(id));

    let name = format!("{}党支部", estate.name);
    let branch =
        access::create_organisation(tx, act, Some(community), OrganisationKind::PartyBranch, &name, None).await?;
    let secretary = contact(estate, Post::BranchSecretary).unwrap_or("支部书记").to_owned();
    let branch = staffing.hire(tx, Role::BranchSecretary, &secretary, branch, here).await?;

    let cadre_name = contact(estate, Post::LiaisonCadre).unwrap_or("包联干部");
    let cadre = staffing.hire(tx, Role::Staff, cadre_name, community, here).await?;
    let (kind, name) = (OrganisationKind::PropertyCommittee, format!("{}物管会", estate.name));
    let committee = access::create_organisation(tx, act, Some(community), kind, &name, None).await?;
    let committee = staffing.hire(tx, Role::Staff, cadre_name, committee, here).await?; // its chair is a cadre

    for contact in &estate.contacts {
        let Some(post) = Post::ALL.iter().copied().find(|post| post.label() == contact.role) else { continue };
        let note = contact.note.as_ref().map_or_else(String::new, |note| format!("（{note}）"));
        let (name, phone) = (format!("{}{note}", contact.name), contact.phone.clone());
        board::add_contact(tx, act, NewContact { estate: id, post, name, phone }).await?;
    }

    let mut buildings = BTreeMap::new();
    for building in &estate.buildings {
        for unit in 1..=building.units {
            // A building with one stairwell has no units.
            let unit = if building.units == 1 { String::new() } else { unit.to_string() };
            for (floor, door) in
                (1..=building.floors).flat_map(|floor| (1..=building.doors_per_floor).map(move |door| (floor, door)))
            {
                let Ok(room) = address::parse_room(&format!("{floor}{door:02}")) else { continue };
                let dwelling = settler.settle(tx, act, &estate.name, &building.label, &unit, &room).await?;
                homes.push(Home { dwelling, estate: id, kind: estate.kind });
            }
        }
    }
    for building in place::buildings(tx, act.tenant, id).await? {
        buildings.insert(building.name, building.id);
    }
    Ok(SettledEstate {
        id,
        name: estate.name.clone(),
        grids: Vec::new(),
        buildings,
        company,
        committee,
        branch,
        secretary,
        cadre,
    })
}

/// The grids, each with its worker; buildings are put into them.
async fn grids(
    tx: &mut Tx,
    staffing: &mut Staffing<'_>,
    home: Uuid,
    plan: &Plan,
    estates: &mut [SettledEstate],
) -> Result<BTreeMap<Uuid, Actor>> {
    let act = staffing.act;
    let code = access::tenant(tx, act.tenant).await?.code;
    let mut workers = BTreeMap::new();
    for grid in &plan.grids {
        let id = place::create_grid(tx, act, &format!("{code}{:03}", grid.sequence), &grid.name).await?;
        workers.insert(id, staffing.hire(tx, Role::GridWorker, &grid.worker, home, (Reach::Grid, Some(id))).await?);
        for cover in &grid.covers {
            let Some(estate) = estates.iter_mut().find(|estate| estate.name == cover.estate) else { continue };
            estate.grids.push(id);
            for (label, building) in &estate.buildings {
                if cover.buildings.as_ref().is_none_or(|labels| labels.contains(label)) {
                    place::assign_grid(tx, act, *building, id).await?;
                }
            }
        }
    }
    Ok(workers)
}

/// The holder of a post, as the plan has it.
fn contact(estate: &Estate, post: Post) -> Option<&str> {
    estate.contacts.iter().find(|contact| contact.role == post.label()).map(|contact| contact.name.as_str())
}

/// Makes accounts; the first of each role is the one that is shown, and can sign in if there is a password.
struct Staffing<'a> {
    act: &'a Act,
    now: Timestamp,
    password: Option<&'a str>,
    shown: Vec<(Role, Actor, String)>,
}

impl Staffing<'_> {
    async fn hire(
        &mut self,
        tx: &mut Tx,
        role: Role,
        name: &str,
        organisation: Uuid,
        (reach, reach_id): (Reach, Option<Uuid>),
    ) -> Result<Actor> {
        let first = self.shown.iter().all(|(shown, ..)| *shown != role);
        let login = LOGINS.iter().find(|(known, _)| *known == role && first);
        let login = login.and_then(|(_, login)| Some(((*login).to_owned(), self.password?.to_owned())));
        let grants = vec![Grant { role, reach, reach_id }];
        let new = NewAccount { name: name.to_owned(), organisation, login, grants };
        // The accounts are of today, whenever the community was founded: passwords grow old.
        let mut today = Act { at: self.now, ..self.act.clone() };
        today.means.clock = Clock::at(self.now);
        let account = access::create_account(tx, &today, new).await?;
        let actor = Actor { account, organisation, role };
        if first {
            self.shown.push((role, actor, name.to_owned()));
        }
        Ok(actor)
    }

    /// Water, heating, and those who enforce the law in the street.
    async fn outsiders(&mut self, tx: &mut Tx, home: Uuid) -> Result<[Actor; 3]> {
        let mut actors = Vec::new();
        for (kind, name) in [
            (OrganisationKind::PublicUtility, "城区供水服务站"),
            (OrganisationKind::PublicUtility, "城区供热服务站"),
            (OrganisationKind::Other, "街道综合行政执法队"),
        ] {
            let id = access::create_organisation(tx, self.act, Some(home), kind, name, None).await?;
            actors.push(self.hire(tx, Role::PropertyManager, "值班负责人", id, (Reach::Organisation, Some(id))).await?);
        }
        actors.try_into().map_err(|_| crate::error::Error::Internal(anyhow::anyhow!("three outsiders")))
    }
}
