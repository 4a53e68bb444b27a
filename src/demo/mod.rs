//! Synthetic communities: the one that the newspaper page tells of, at its real size, and others of any size. The people
//! are made up from a seed; what happened to their issues goes through the same operations as everything else, only at
//! moments that lie in the past.

mod assembly;
mod bodies;
mod care;
mod children;
mod classes;
mod community;
mod deployments;
mod guards;
mod issues;
mod names;
mod party;
mod people;
mod pictures;
mod plan;
mod quarrels;
mod rooms;
mod satisfaction;
mod services;
mod story;
mod survey;
mod volunteers;
mod walk;

pub use community::LOGINS;

use codes::{PartialDate, PersonName, Phone};
use db::{Db, Tx};
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::Serialize;
use uuid::Uuid;

use crate::access::{self, Act, Link, OrganisationKind, Role, TenantKind};
use crate::error::{Error, Result};
use crate::means::Means;
use crate::place::{self, Use};
use crate::registry::enrol::{NewResident, Outcome, enrol};
use crate::registry::figures;
use community::{Community, act_at};
use people::{Family, Person};
use plan::Plan;
use story::Story;

/// The community of the page; the last three digits of its code are not known for certain.
pub const CODE: &str = "141102004999";
const HOUSEHOLDS: usize = 1580;
const RESIDENTS: usize = 4915;
const SEED: u64 = 201_611;

/// A community that is to be made up.
#[derive(Debug, Clone)]
pub struct Order {
    /// Twelve digits.
    pub code: String,
    pub name: String,
    pub residents: usize,
    pub issues: usize,
    pub seed: u64,
}

/// What was made.
#[derive(Debug, Clone, Serialize)]
pub struct Made {
    pub tenant: String,
    pub name: String,
    pub households: usize,
    pub residents: usize,
    pub issues: usize,
    /// The accounts to try the program with.
    #[serde(skip)]
    pub accounts: Vec<Shown>,
    /// An invitation for the phone of a grid worker.
    #[serde(skip)]
    pub invitation: Option<Link>,
}

/// An account to try the program with.
#[derive(Debug, Clone)]
pub struct Shown {
    pub role: Role,
    pub name: String,
    pub login: &'static str,
}

/// Makes the community of the page. Every account that is shown gets the password.
pub async fn build(db: &Db, means: &Means, password: &str, bar: &ProgressBar) -> Result<Made> {
    let (plan, story) = (Plan::demo()?, Story::demo()?);
    let size = Size { households: HOUSEHOLDS, residents: RESIDENTS };
    let making = Making { code: CODE, plan: &plan, size, story: Some(&story), seed: SEED, password: Some(password) };
    let mut made = make(db, means, making, bar).await?;
    bar.set_message("护学岗");
    made.accounts.extend(guards::stand(db, means, password, means.now()).await?);
    Ok(made)
}

/// Makes a community of any size; with no residents it has only its organisation and nobody to sign in yet.
///
/// Errors: refused if the code belongs to a tenant that already has estates.
pub async fn generate(db: &Db, means: &Means, order: &Order, bar: &ProgressBar) -> Result<Made> {
    let size = Size { households: order.residents * HOUSEHOLDS / RESIDENTS, residents: order.residents };
    let size = Size { households: size.households.max(order.residents.div_ceil(people::LARGEST)), ..size };
    let plan = Plan::of_size(&order.name, size.households);
    let estates: Vec<String> = plan.estates.iter().map(|estate| estate.name.clone()).collect();
    let story = Story::demo()?.of_size(&mut StdRng::seed_from_u64(order.seed), order.issues, &estates);
    let story = (order.residents > 0).then_some(&story);
    make(db, means, Making { code: &order.code, plan: &plan, size, story, seed: order.seed, password: None }, bar).await
}

#[derive(Clone, Copy)]
struct Size {
    households: usize,
    residents: usize,
}

struct Making<'a> {
    code: &'a str,
    plan: &'a Plan,
    size: Size,
    story: Option<&'a Story>,
    seed: u64,
    password: Option<&'a str>,
}

async fn make(db: &Db, means: &Means, making: Making<'_>, bar: &ProgressBar) -> Result<Made> {
    let Making { code, plan, size, story, seed, password } = making;
    let now = means.now();
    let mut rng = StdRng::seed_from_u64(seed);
    let made = |issues, accounts, invitation| Made {
        tenant: code.to_owned(),
        name: plan.community.name.clone(),
        households: size.households,
        residents: size.residents,
        issues,
        accounts,
        invitation,
    };

    bar.set_message("楼栋和工作人员");
    let mut tx = db.begin().await?;
    let act = founding(&mut tx, means, code, plan, size.residents > 0).await?;
    let Some(story) = story else {
        tx.commit().await?;
        return Ok(made(0, Vec::new(), None));
    };
    let organisations = access::organisations(&mut tx, act.tenant).await?;
    let home = organisations.iter().find(|organisation| organisation.kind == OrganisationKind::Community);
    let home = home.ok_or(Error::NotFound)?.id;
    let community = community::set_up(&mut tx, &act, now, home, plan, password).await?;
    let worker = community.cast.shown.iter().find(|(role, ..)| *role == Role::GridWorker && password.is_some());
    let invitation = match worker {
        Some((_, worker, _)) => Some(access::invite(&mut tx, &community.program(now), worker.account).await?),
        None => None,
    };
    tx.commit().await?;

    bar.set_message("诉求");
    issues::play(db, &community, story, &mut rng, now, bar).await?;
    bar.set_message("居民");
    let lived_in = settle(db, &community, size, seed, &mut rng, now, bar).await?;
    if password.is_some() {
        bar.set_message("走访");
        walk::campaigns(db, &community, &mut rng, now).await?;
        bar.set_message("党组织");
        party::organise(db, &community, &plan.community.name, &lived_in, now).await?;
        bar.set_message("场地和会议");
        rooms::furnish(db, &community, now).await?;
        bodies::assemble(db, &community, &plan.community.name, &lived_in, &mut rng, now).await?;
        bar.set_message("调解");
        quarrels::mediate(db, &community, &plan.community.name, &lived_in, now).await?;
        bar.set_message("满意度调查");
        satisfaction::ask(db, &community, &mut rng, now).await?;
        bar.set_message("志愿服务队");
        volunteers::gather(db, &community, &lived_in, now).await?;
        bar.set_message("七彩四点半");
        children::enrol(db, &community, &lived_in, now).await?;
        classes::hold(db, &community, now).await?;
        bar.set_message("为民服务");
        services::serve(db, &community, &lived_in, now).await?;
    } else {
        let estates: Vec<Uuid> = community.estates.iter().map(|estate| estate.id).collect();
        let mut tx = db.begin().await?;
        volunteers::teams(&mut tx, &community.act(community.cast.desk, now), &estates).await?;
        tx.commit().await?;
    }

    let accounts = LOGINS.iter().filter_map(|(role, login)| {
        let (_, _, name) = community.cast.shown.iter().find(|(shown, ..)| shown == role)?;
        Some(Shown { role: *role, name: name.clone(), login })
    });
    Ok(made(story.scripts.len(), accounts.collect(), invitation))
}

/// The tenant: one of invented people on the day when the community of the page was founded, an empty one today.
async fn founding(tx: &mut Tx, means: &Means, code: &str, plan: &Plan, invented: bool) -> Result<Act> {
    let founded: Timestamp =
        format!("{}-01T09:00:00+08:00", plan.community.founded).parse().map_err(anyhow::Error::from)?;
    if let Some(known) = access::tenant_by_code(tx, code).await? {
        if !place::estates(tx, known.tenant_id).await?.is_empty() {
            return Err(Error::refused(format!("{}（{code}）已经有小区了，请换一个编码", known.name)));
        }
        return Ok(act_at(known.tenant_id, means, means.now()));
    }
    let act = act_at(means.id(), means, if invented { founded } else { means.now() });
    access::create_tenant(tx, &act, TenantKind::Community, code, &plan.community.name).await?;
    Ok(act)
}

/// Lets the people move in, in bounded steps, and tells who lives where. The homes that are left over stand empty.
async fn settle(
    db: &Db,
    community: &Community,
    size: Size,
    seed: u64,
    rng: &mut StdRng,
    now: Timestamp,
    bar: &ProgressBar,
) -> Result<Vec<(community::Home, Family)>> {
    const STEP: usize = 60; // families, some two hundred people
    let mut homes = community.homes.clone();
    homes.shuffle(rng);
    // The page tells of 255 children in its first estate.
    let first = community.estates.first().map(|estate| estate.id);
    let kinds: Vec<_> =
        homes.iter().take(size.households).map(|home| (home.kind, Some(home.estate) == first)).collect();
    let today = now.to_zoned_datetime(calendar::shanghai()).date();
    let families = people::populate(seed, &kinds, size.residents, today);
    let act = community.act(community.cast.desk, now - SignedDuration::from_mins(5));
    bar.set_length(size.residents as u64);
    bar.set_position(0);
    let (lived_in, empty) = homes.split_at(families.len().min(homes.len()));
    let mut some = Vec::new();
    for (homes, families) in lived_in.chunks(STEP).zip(families.chunks(STEP)) {
        let mut tx = db.begin().await?;
        for (home, family) in homes.iter().zip(families) {
            let moved_in = move_in(&mut tx, &act, home.dwelling, family).await?;
            if some.len() < 2 {
                some.extend(moved_in);
            }
            bar.inc(family.members.len() as u64);
        }
        tx.commit().await?;
    }
    let mut tx = db.begin().await?;
    for home in empty {
        place::set_use(&mut tx, &act, home.dwelling, Use::Vacant).await?;
    }
    tx.commit().await?;
    while figures::count_some(db, &act.means).await? {}
    survey::requests(db, community, &some, now - SignedDuration::from_mins(3)).await?;
    survey::again(db, community, lived_in, &families, now - SignedDuration::from_mins(2)).await?;
    Ok(lived_in.iter().copied().zip(families).collect())
}

/// Gives the head of the family and the building.
async fn move_in(tx: &mut Tx, act: &Act, dwelling: Uuid, family: &Family) -> Result<Option<(Uuid, Uuid)>> {
    place::set_use(tx, act, dwelling, family.usage).await?;
    let Some(head) = family.members.first() else { return Ok(None) };
    let head = name(&head.name)?;
    let mut first = None;
    for person in &family.members {
        if let Outcome::Created(id) = enrol(tx, act, dwelling, &head, &resident(person)?).await? {
            first = first.or(Some(id));
        }
    }
    let building = place::dwelling(tx, act.tenant, dwelling).await?.building_id;
    Ok(first.map(|first| (first, building)))
}

fn resident(person: &Person) -> Result<NewResident> {
    let phone = person.phone.as_deref().map(Phone::parse).transpose();
    Ok(NewResident {
        identity: person.identity.clone(),
        sex: person.sex,
        birth: Some(PartialDate::from(person.birth)),
        phone: phone.map_err(|error| Error::refused(error.to_string()))?,
        ethnic: Some(person.ethnic),
        political: person.political,
        education: person.education,
        marital: Some(person.marital),
        relation: Some(person.relation),
        registered_address: Some(person.registered_address.clone()),
        residence_state: Some(person.residence),
        workplace: person.workplace.map(str::to_owned),
        health: person.health.map(str::to_owned),
        tags: person.tags.iter().map(|(tag, evidence)| (*tag, (*evidence).to_owned())).collect(),
        ..NewResident::named(name(&person.name)?)
    })
}

fn name(written: &str) -> Result<PersonName> {
    PersonName::parse(written).map_err(|error| Error::refused(error.to_string()))
}
