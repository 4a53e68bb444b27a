//! Anything is tried in any order: what is refused leaves nothing behind, and what must never be is not.

use std::collections::BTreeSet;

use doorstep::error::Error;
use doorstep::mediation::{
    self, Advice, Case, Ending, Kind, Part, Particulars, SignatureWay, State, Step, Talk, Term, Way,
};
use jiff::civil::date;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::{MOVES, Taken, case, register, terms};
use crate::support::TestApp;

db_test! {
    async fn whatever_is_done_at_random_a_case_keeps_its_rules(app: TestApp) {
        for seed in 0..25 {
            walk(&app, &mut StdRng::seed_from_u64(seed)).await;
        }
    }
}

/// Tries things on one case.
async fn walk(app: &TestApp, rng: &mut StdRng) {
    let kind = *Kind::ALL.choose(rng).unwrap();
    let id = register(app, kind, None, None).await;
    for _ in 0..60 {
        let known = case(app, id).await;
        let party = known.parties.choose(rng).unwrap().id;
        let today = date(2026, 11, 23);
        let possible: Vec<Step> =
            Step::ALL.iter().copied().filter(|step| known.mediation.state.after(*step).is_some()).collect();
        let chosen = match possible.choose(rng) {
            Some(step) if rng.random_ratio(9, 10) => *step,
            _ => *Step::ALL.choose(rng).unwrap(),
        };
        let done = match chosen {
            Step::Accepted => step!(app, id, accept),
            Step::MediatorsChanged if known.mediators.is_empty() => {
                step!(app, id, name_mediator, None, "王志强").map(drop)
            }
            Step::Consented => step!(app, id, say, party, (true, Way::Desk)),
            Step::Refused | Step::Withdrew if rng.random_ratio(1, 10) => step!(app, id, say, party, (false, Way::Desk)),
            Step::Began => step!(app, id, begin),
            Step::Met => {
                let present = vec!["甲方 刘建军".to_owned()];
                let talk = Talk { place: "社区".to_owned(), present, notes: "谈了".to_owned() };
                step!(app, id, meet, (app.means.now(), true, "李玲"), &talk)
            }
            Step::Drafted => step!(app, id, draft, &terms()),
            Step::PartyWritten if rng.random_ratio(1, 4) => {
                let name = ["刘建军", "王秀兰", "李强"].choose(rng).unwrap().to_string();
                let somebody = Particulars { name, ..super::somebody(1) };
                let side = known.parties.iter().find(|known| known.id == party).unwrap().side;
                step!(app, id, write_party, (Some(party), side), &somebody).map(drop)
            }
            Step::PartyRemoved if known.parties.len() > 2 => step!(app, id, remove_party, party, "登记错了"),
            Step::DutyRemoved if !known.duties.is_empty() => {
                let duty = known.duties.choose(rng).unwrap().id;
                step!(app, id, remove_duty, duty)
            }
            Step::DutyWritten if known.duties.len() < 3 => step!(app, id, write_duty, "疏通", today),
            Step::Agreed if rng.random_ratio(1, 4) => step!(app, id, agree_orally, &terms(), (today, None)),
            Step::Agreed => step!(app, id, agree, today),
            Step::Signed => {
                let mut signers = vec![None];
                signers.extend(known.parties.iter().map(|party| Some(party.id)));
                signers.extend(known.mediators.iter().map(|mediator| Some(mediator.id)));
                let signer = *signers.choose(rng).unwrap();
                let way = if signer.is_none() { SignatureWay::Seal } else { SignatureWay::Signature };
                step!(app, id, sign, signer, (way, today)).map(drop)
            }
            Step::Paused => step!(app, id, pause, "等一等"),
            Step::Resumed => step!(app, id, resume, "接着谈"),
            Step::Failed if rng.random_ratio(1, 10) => step!(app, id, fail, Advice::Court, "没谈成"),
            Step::Terminated if rng.random_ratio(1, 20) => {
                step!(app, id, terminate, (Ending::Other, Advice::Court), "不谈了")
            }
            Step::Advised => step!(app, id, advise, Advice::Court, ""),
            Step::DutyPerformed if !known.duties.is_empty() => {
                let duty = known.duties.choose(rng).unwrap().id;
                step!(app, id, perform, (duty, today), "看过现场")
            }
            Step::Performed => step!(app, id, complete, ""),
            Step::Defaulted => step!(app, id, default, "没有做"),
            Step::Urged => step!(app, id, urge, "催了"),
            Step::CalledBack => step!(app, id, call_back, "问过了"),
            Step::PaperFiled => step!(app, id, add_paper, (Part::Identity, "身份证", 1)),
            Step::Archived => step!(app, id, archive, Term::Short, ""),
            _ => Ok(()),
        };
        assert!(matches!(done, Ok(()) | Err(Error::Refused(_))), "{chosen:?}: {done:?}");
        holds(app, &case(app, id).await).await;
    }
}

async fn holds(app: &TestApp, case: &Case) {
    let known = &case.mediation;
    let mut tx = app.db.read().await.unwrap();
    let taken: Vec<Taken> = tx.all(MOVES.bind(app.home.tenant).bind(known.id)).await.unwrap();
    // Where it stands follows from its steps alone.
    let mut state = State::Registered;
    for Taken { step } in &taken[1..] {
        state = state.after(*step).unwrap_or_else(|| panic!("{step} from {state}"));
    }
    assert_eq!((state, taken.len() as i64), (known.state, known.lock_version));
    let took = |step| taken.iter().any(|taken| taken.step == step);
    assert_eq!(known.effective_on.is_some(), took(Step::TookEffect));
    if took(Step::TookEffect) && known.form == Some(mediation::Form::Written) {
        let signers: BTreeSet<Option<Uuid>> = case.signatures.iter().map(|signature| signature.signer_id).collect();
        assert!(case.parties.iter().all(|party| signers.contains(&Some(party.id))), "a party has not signed");
        assert_eq!(signers.contains(&None), known.kind == Kind::People, "the seal");
    }
    if took(Step::Met) || took(Step::Agreed) {
        assert!(took(Step::Began) && case.consents.iter().filter(|consent| consent.given).count() >= 2);
    }
    if known.confirm_by.is_some() {
        assert_eq!(known.kind, Kind::People);
    }
    if known.state == State::Archived {
        assert!(known.ending.is_none() || known.advice.is_some());
        assert!(known.ending.is_some() || took(Step::CalledBack));
        if known.kind == Kind::People && known.effective_on.is_some() {
            assert!(case.filed.iter().any(|filed| filed.part == Part::Identity));
        }
    }
}
