//! 人民调解 and the mediation of neighbours. A case is registered, taken on, given to mediators to whom the parties agree (`course`),
//! talked over and agreed or ended (`agreement`), and closed as a file in the order of its parts (`file`, `paper`). Every change is a
//! named step (`step`), and which one may follow is one table (`transition`).
//!
//! Nobody sees a case but whoever registers and assigns it and its own mediators: what is out of reach is not found, nothing of
//! a case is searched, posted or exported, and no other slice reads it: reports are told how many there were. A mediator without an account works by a signed link that leads to
//! one case and dies with it; a party agrees or refuses by a link of their own. Names and numbers are masked until somebody says why
//! they need them. The public learns how many cases there were, and the receipt of an issue that it is being mediated.

mod agreement;
mod course;
mod file;
mod model;
mod paper;
mod step;
mod store;
mod todo;
mod transition;
mod web;

pub use agreement::{
    agree, agree_orally, ask_confirmation, call_back, complete, decide_confirmation, default, draft, lacks, perform,
    remove_duty, rework, sign, urge, write_duty,
};
pub use course::{
    NewMediation, accept, advise, begin, correct, extend, fail, invite, invited, meet, name_mediator, pause, register,
    release_mediator, remove_party, resume, say, tell_police, terminate, write_party,
};
pub use file::{add_paper, archive, forget_old, open};
pub use model::{
    Advice, Cause, Ending, Form, Item, Kind, Matter, Origin, Part, Particulars, Relation, Ruling, SignatureWay, Term,
    Terms, Way, Words,
};
pub use paper::Sheet;
pub use store::{Case, Correct, Counts, Mediation, Mediator, Party, STATEMENTS, Talk, counts};
pub use todo::todo;
pub use transition::{State, Step, TRANSITIONS, Transition};
pub use web::routes;

use db::Tx;
use uuid::Uuid;

use crate::access::{Act, Link};
use crate::error::Result;
use crate::keys::Keys;

pub async fn mediation(tx: &mut Tx, tenant: Uuid, id: Uuid) -> Result<Mediation> {
    store::mediation(tx, tenant, id).await
}

/// A case with everything in it.
pub async fn case(tx: &mut Tx, act: &Act, id: Uuid) -> Result<Case> {
    let mediation = store::mediation(tx, act.tenant, id).await?;
    store::case(tx, act, mediation).await
}

/// By which a mediator without an account works. It follows from the keys, so it can be written again.
pub fn mediator_link(tenant: Uuid, mediator: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, mediator, "mediator", keys)
}

/// By which a party says whether they agree.
pub fn party_link(tenant: Uuid, party: Uuid, keys: &Keys) -> Link {
    Link::signed(tenant, party, "mediation party", keys)
}
