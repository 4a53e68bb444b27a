//! 人民调解 and the mediation of neighbours: who may see a case, what an agreement needs, and what of it anybody else learns.

use std::collections::BTreeSet;

use db::{record, statements};
use doorstep::access::{Reach, Role, Scope};
use doorstep::error::Error;
use doorstep::mediation::{
    self, Advice, Case, Cause, Ending, Item, Kind, NewMediation, Origin, Part, Particulars, Relation, Ruling, Sheet,
    SignatureWay, State, Step, TRANSITIONS, Talk, Term, Terms, Way, Words,
};
use doorstep::{body, place, upkeep};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::support::{Browser, Page, TestApp, office};

const IDENTITY: [&str; 2] = ["141199199003070013", "141199195801010025"];
const PHONE: [&str; 2] = ["13800001234", "13900005678"];

/// Takes a step at the version that stands, by an operation of the slice.
macro_rules! step {
    ($app:expr, $id:expr, $operation:ident $(, $argument:expr)*) => {{
        let mut tx = $app.db.begin().await.unwrap();
        let act = $app.act();
        let mut known = mediation::mediation(&mut tx, act.tenant, $id).await.unwrap();
        let seen = known.lock_version;
        let done = mediation::$operation(&mut tx, &act, &mut known, seen $(, $argument)*).await;
        if done.is_ok() {
            tx.commit().await.unwrap();
        }
        done
    }};
}

mod at_random;

fn somebody(at: usize) -> Particulars {
    Particulars {
        name: ["刘建军", "王秀兰"][at].to_owned(),
        phone: PHONE[at].to_owned(),
        identity: IDENTITY[at].to_owned(),
        address: "王府名苑小区13号楼".to_owned(),
        representative: String::new(),
    }
}

fn words() -> Words {
    Words { facts: "下水主管道堵了，污水溢到楼下".to_owned(), dispute: "谁出疏通的钱".to_owned() }
}

fn terms() -> Terms {
    Terms {
        responsibility: "刘建军疏通，王秀兰出一半的钱".to_owned(),
        terms: "疏通费各出一半".to_owned(),
        manner: "当面付清".to_owned(),
    }
}

async fn register(app: &TestApp, kind: Kind, estate: Option<Uuid>, issue: Option<Uuid>) -> Uuid {
    let parties = vec![(1, somebody(0)), (2, somebody(1))];
    let (cause, origin) = (Cause::Neighbour, Origin::Application);
    let new = NewMediation { kind, cause, origin, estate, issue, words: words(), parties };
    let mut tx = app.db.begin().await.unwrap();
    let id = mediation::register(&mut tx, &app.act(), new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn case(app: &TestApp, id: Uuid) -> Case {
    mediation::case(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap()
}

async fn state(app: &TestApp, id: Uuid) -> State {
    case(app, id).await.mediation.state
}

/// Taken on, with a mediator who has no account and to whom both have agreed, and begun.
async fn talking(app: &TestApp, kind: Kind) -> Uuid {
    let id = register(app, kind, None, None).await;
    step!(app, id, accept).unwrap();
    step!(app, id, name_mediator, None, "王志强").unwrap();
    for party in case(app, id).await.parties {
        step!(app, id, say, party.id, (true, Way::Desk)).unwrap();
    }
    step!(app, id, begin).unwrap();
    id
}

async fn met(app: &TestApp, id: Uuid) {
    let mut tx = app.db.read().await.unwrap();
    let present = mediation::invited(&mut tx, &app.act(), id).await.unwrap();
    drop(tx);
    let talk = Talk {
        place: "党群服务站".to_owned(), present, notes: "各自说了难处，愿意各让一步".to_owned()
    };
    step!(app, id, meet, (app.means.now(), false, "景瑞芳"), &talk).unwrap();
}

/// Agreed on in writing, with everything but signatures.
async fn agreed(app: &TestApp, kind: Kind) -> Uuid {
    let id = talking(app, kind).await;
    met(app, id).await;
    step!(app, id, draft, &terms()).unwrap();
    step!(app, id, write_duty, "刘建军疏通管道", date(2026, 12, 1)).unwrap();
    step!(app, id, agree, today(app)).unwrap();
    id
}

fn today(app: &TestApp) -> Date {
    app.means.now().to_zoned_datetime(calendar::shanghai()).date()
}

async fn sign(app: &TestApp, id: Uuid, signer: Option<Uuid>, way: SignatureWay) -> Result<Vec<String>, Error> {
    step!(app, id, sign, signer, (way, today(app)))
}

/// In effect.
async fn signed(app: &TestApp, kind: Kind) -> Uuid {
    let id = agreed(app, kind).await;
    let known = case(app, id).await;
    for signer in known.parties.iter().map(|party| party.id).chain([known.mediators[0].id]) {
        sign(app, id, Some(signer), SignatureWay::Signature).await.unwrap();
    }
    if kind == Kind::People {
        sign(app, id, None, SignatureWay::Seal).await.unwrap();
    }
    id
}

fn refused<T: std::fmt::Debug>(done: Result<T, Error>) -> String {
    match done {
        Err(Error::Refused(sentence)) => sentence,
        other => panic!("not refused: {other:?}"),
    }
}

async fn post(browser: &Browser, id: Uuid, noun: &str, fields: &[(&str, &str)]) -> Page {
    let version = browser.get(&format!("/mediations/{id}")).await.input("version");
    browser.post(&format!("/mediations/{id}/{noun}"), &[&[("version", version.as_str())], fields].concat()).await
}

async fn set(app: &TestApp, moment: &str) {
    app.means.clock.set(moment.parse::<Timestamp>().unwrap());
}

statements! {
    MOVES = "SELECT step FROM mediation_events WHERE tenant_id = $1 AND mediation_id = $2 ORDER BY position";
    LEAP = "UPDATE mediations SET state = 'performing', move = state || '>took_effect>performing' WHERE tenant_id = $1";
    SILENT = "UPDATE mediations SET state = 'archived' WHERE tenant_id = $1";
    ADDED = "UPDATE mediations SET move = state || '>duty_written>' || state WHERE tenant_id = $1";
    PROPER = "UPDATE mediations SET state = 'accepted', move = state || '>accepted>accepted' WHERE tenant_id = $1";
    POSTED = "SELECT payload AS text FROM outbox_messages WHERE tenant_id = $1";
    AUDITED = "SELECT reason || fields AS text FROM audit_entries WHERE tenant_id = $1";
    OPENED = "SELECT COUNT(*) AS count FROM audit_entries WHERE tenant_id = $1 AND action = 'open_file'";
    KEPT = "SELECT COUNT(*) AS count FROM mediation_parties WHERE tenant_id = $1 AND sealed IS NOT NULL";
}

record! {
    struct Taken { step: Step }
    struct Text { text: String }
    struct Count { count: i64 }
}

/// The migration has exactly the moves of the table.
#[test]
fn the_database_knows_the_same_moves() {
    let moves = TRANSITIONS.iter().flat_map(|known| {
        known.from.iter().map(|from| {
            let to = known.to.unwrap_or(*from);
            format!("{}>{}>{}", from.code(), known.step.code(), to.code())
        })
    });
    let moves: BTreeSet<String> = std::iter::once(">registered>registered".to_owned()).chain(moves).collect();
    let check = doorstep::schema::MIGRATIONS.iter().rev().find_map(|migration| {
        let (_, check) = migration.text.split_once("-- every move of a mediation\n")?;
        Some(check.split_once("-- the last of them")?.0)
    });
    let kept: BTreeSet<String> = check.unwrap().split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(kept, moves);
}

db_test! {
    async fn the_database_takes_no_move_that_is_not_in_the_table(app: TestApp) {
        register(&app, Kind::People, None, None).await;
        for wrong in [LEAP, SILENT] {
            let mut tx = app.db.begin().await.unwrap();
            assert!(tx.execute(wrong.bind(app.home.tenant)).await.is_err(), "{}", wrong.name);
        }
        let mut tx = app.db.begin().await.unwrap();
        assert_eq!(tx.execute(PROPER.bind(app.home.tenant)).await.unwrap(), 1);
    }

    async fn cases_of_the_law_are_numbered_by_themselves(app: TestApp) {
        let mut numbers = Vec::new();
        for kind in [Kind::People, Kind::Member, Kind::People, Kind::Grid] {
            numbers.push(case(&app, register(&app, kind, None, None).await).await.mediation.number);
        }
        assert_eq!(numbers, ["(2026)人调字第001号", "TJ-2026-0001", "(2026)人调字第002号", "TJ-2026-0002"]);
        set(&app, "2027-01-02T09:00:00+08:00").await;
        let next = register(&app, Kind::People, None, None).await;
        assert_eq!(case(&app, next).await.mediation.number, "(2027)人调字第001号");
    }

    async fn who_refuses_is_not_mediated_and_who_has_agreed_may_stop(app: TestApp) {
        let id = register(&app, Kind::People, None, None).await;
        let parties = case(&app, id).await.parties;
        assert!(refused(step!(app, id, say, parties[0].id, (true, Way::Desk))).contains("先定下谁来调解"));
        step!(app, id, accept).unwrap();
        step!(app, id, name_mediator, None, "王志强").unwrap();
        step!(app, id, say, parties[0].id, (true, Way::Paper)).unwrap();
        assert!(refused(step!(app, id, begin)).contains("各方"));
        step!(app, id, say, parties[1].id, (false, Way::Desk)).unwrap();
        let ended = case(&app, id).await;
        assert_eq!((ended.mediation.state, ended.mediation.ending), (State::Terminated, Some(Ending::Refused)));
        assert!(refused(step!(app, id, begin)).contains("终止"));
        assert!(refused(step!(app, id, archive, Term::Short, "")).contains("其他途径"));
        step!(app, id, advise, Advice::Court, "").unwrap();
        step!(app, id, archive, Term::Short, "").unwrap();

        let id = talking(&app, Kind::Member).await;
        let party = case(&app, id).await.parties[0].id;
        step!(app, id, say, party, (false, Way::Link)).unwrap();
        let ended = case(&app, id).await;
        assert_eq!((ended.mediation.state, ended.mediation.ending), (State::Terminated, Some(Ending::Withdrew)));
        // What has been agreed is kept beside it: two yes and a no.
        assert_eq!(ended.consents.iter().filter(|consent| consent.given).count(), 2);
        assert_eq!(ended.consents.len(), 3);
    }

    async fn whoever_mediates_anew_has_to_be_accepted_anew(app: TestApp) {
        let id = talking(&app, Kind::People).await;
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(1));
        step!(app, id, name_mediator, None, "李玲").unwrap();
        let talk = Talk { place: "社区".to_owned(), present: vec!["甲方 刘建军".to_owned()], notes: "谈了".to_owned() };
        let meet = || async { step!(app, id, meet, (app.means.now(), false, "李玲"), &talk) };
        assert!(refused(meet().await).contains("同意"));
        // Their links are there again, and nowhere does it say that they agree.
        let desk = app.person(Role::Staff).browser().await;
        desk.get(&format!("/mediations/{id}")).await.assert_contains("转链接").assert_contains("等重新同意").assert_lacks("tag done\">同意");
        let links = desk.get(&format!("/mediations/{id}/links")).await;
        assert_eq!(links.between_all("/mediation-parties/", "<").count(), 2);
        let link = format!("/mediators/{}", mediation::mediator_link(app.home.tenant, case(&app, id).await.mediators[0].id, &app.means.keys));
        app.browser().get(&link).await.assert_contains("等重新同意").assert_lacks("tag done\">同意");
        for party in case(&app, id).await.parties {
            step!(app, id, say, party.id, (true, Way::Desk)).unwrap();
        }
        meet().await.unwrap();
    }

    async fn what_has_been_settled_stays_as_it_is_signed(app: TestApp) {
        let id = agreed(&app, Kind::People).await;
        let add = || async { step!(app, id, write_duty, "王秀兰赔 5000 元", date(2026, 12, 5)) };
        assert!(refused(add().await).contains("不能做“登记履行事项”"));
        assert!(refused(step!(app, id, name_mediator, None, "李玲")).contains("不能做“定调解员”"));
        assert!(refused(step!(app, id, release_mediator, case(&app, id).await.mediators[0].id)).contains("不能做"));
        let mut tx = app.db.begin().await.unwrap();
        assert!(tx.execute(ADDED.bind(app.home.tenant)).await.is_err(), "the database lets it be added to");
        drop(tx);
        // Where more is agreed they talk again, and whoever else mediates is agreed to before anything is settled.
        step!(app, id, rework, "还要赔钱").unwrap();
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(1));
        add().await.unwrap();
        step!(app, id, name_mediator, None, "李玲").unwrap();
        assert!(refused(step!(app, id, agree, today(&app))).contains("同意"));

        let (written, oral) = (signed(&app, Kind::People).await, talking(&app, Kind::Member).await);
        step!(app, oral, agree_orally, &terms(), (today(&app), None)).unwrap();
        for id in [written, oral] {
            assert!(refused(step!(app, id, write_duty, "王秀兰赔 5000 元", date(2026, 12, 5))).contains("不能做"));
            let paper = serde_json::to_string(&case(&app, id).await.sheet(Sheet::Part(Part::Agreement))).unwrap();
            assert!(!paper.contains("5000"), "{paper}");
        }
    }

    async fn who_is_somebody_else_is_another_party(app: TestApp) {
        let id = talking(&app, Kind::People).await;
        met(&app, id).await;
        let before = case(&app, id).await.parties;
        let link = format!("/mediation-parties/{}", mediation::party_link(app.home.tenant, before[1].id, &app.means.keys));
        // What is known of her may be added to, she has agreed all the same.
        let moved = Particulars { phone: "13900001111".to_owned(), ..somebody(1) };
        assert_eq!(step!(app, id, write_party, (Some(before[1].id), 2), &moved).unwrap(), before[1].id);
        assert_eq!(case(&app, id).await.parties[1].agrees, Some(true));
        app.browser().get(&link).await.assert_ok();
        // Somebody else has said nothing, has nothing of hers, and her link leads nowhere.
        let desk = app.person(Role::Staff).browser().await;
        let form = [("party_id", &*before[1].id.to_string()), ("party_side", "2"), ("party_name", "李强")];
        let page = post(&desk, id, "parties", &form).await;
        page.assert_ok().assert_contains("当事人已换").assert_contains("乙方（已不是当事人）同意").assert_lacks("王秀兰");
        let known = case(&app, id).await;
        let (li, wang) = (&known.parties[1], &known.former[0]);
        assert_eq!((known.parties.len(), li.agrees, &*li.particulars.name, &*li.particulars.identity), (2, None, "李强", ""));
        assert_eq!(wang.particulars, Particulars { name: "王秀兰".to_owned(), ..Particulars::default() });
        app.browser().get(&link).await.assert_status(404);
        assert!(refused(step!(app, id, agree_orally, &terms(), (today(&app), None))).contains("同意"));
        // Nor has whoever turns out to stand on another side, or to be another person of that name.
        let other = Particulars { identity: IDENTITY[1].to_owned(), ..somebody(0) };
        for (side, particulars) in [(3, somebody(0)), (3, other)] {
            let standing = case(&app, id).await.parties.into_iter().find(|party| party.particulars.name == "刘建军").unwrap();
            let written = step!(app, id, write_party, (Some(standing.id), side), &particulars).unwrap();
            assert_ne!(written, standing.id);
            step!(app, id, say, written, (true, Way::Desk)).unwrap();
        }
        assert_eq!(case(&app, id).await.former.len(), 3);
    }

    async fn what_was_written_down_by_mistake_is_taken_out(app: TestApp) {
        let id = talking(&app, Kind::People).await;
        let third = Particulars { name: "张伟".to_owned(), ..Particulars::default() };
        let third = step!(app, id, write_party, (None, 3), &third).unwrap().to_string();
        assert!(refused(step!(app, id, agree, today(&app))).contains("同意"));
        let desk = app.person(Role::Staff).browser().await;
        let gone = [("removed_party", &*third), ("removal_reason", "登记错了，不是当事人")];
        post(&desk, id, "party-removals", &gone[..1]).await.assert_status(422).assert_contains("请填写理由");
        post(&desk, id, "party-removals", &gone).await.assert_ok().assert_contains("已删去").assert_contains("不是当事人");
        post(&desk, id, "party-removals", &gone).await.assert_status(404);
        met(&app, id).await;

        step!(app, id, draft, &terms()).unwrap();
        step!(app, id, write_duty, "王秀兰赔 5000 元", date(2026, 12, 1)).unwrap();
        let duty = case(&app, id).await.duties[0].id;
        post(&desk, id, "duty-removals", &[("removed_duty", &duty.to_string())]).await.assert_ok().assert_contains("已删去这一项");
        let known = case(&app, id).await;
        assert!(known.duties.is_empty() && known.events.iter().any(|event| event.step == Step::DutyRemoved && event.words.contains("5000")));
        step!(app, id, write_duty, "刘建军疏通管道", date(2026, 12, 1)).unwrap();
        step!(app, id, agree, today(&app)).unwrap();
        let known = case(&app, id).await;
        assert!(refused(step!(app, id, remove_duty, known.duties[0].id)).contains("不能做"));
        assert!(refused(step!(app, id, remove_party, known.parties[0].id, "登记错了")).contains("不能做"));
    }

    async fn who_mediates_for_the_committee_sits_on_it_or_was_engaged(app: TestApp) {
        let desk = app.person(Role::Staff).browser().await;
        let (of_law, of_member) = (talking(&app, Kind::People).await, talking(&app, Kind::Member).await);
        let hint = "请确认已经聘任";
        desk.get(&format!("/mediations/{of_law}")).await.assert_contains(hint);
        desk.get(&format!("/mediations/{of_member}")).await.assert_lacks(hint);
        let mut tx = app.db.begin().await.unwrap();
        let new = body::NewBody {
            kind: body::Kind::MediationCommittee, name: "人民调解委员会".to_owned(), estate: None, term: (None, None),
        };
        let id = body::create(&mut tx, &app.act(), new).await.unwrap();
        let committee = body::body(&mut tx, app.home.tenant, &Scope::tenant(), id).await.unwrap();
        let (part, post) = (body::Part::Resident, body::Post::Member);
        let seat = body::NewSeat { name: "王志强".to_owned(), part, post, since: date(2026, 1, 1), woman: Some(false) };
        body::sit(&mut tx, &app.act(), &committee, seat).await.unwrap();
        tx.commit().await.unwrap();
        desk.get(&format!("/mediations/{of_law}")).await.assert_lacks(hint);
        step!(app, of_law, name_mediator, None, "李玲").unwrap();
        desk.get(&format!("/mediations/{of_law}")).await.assert_contains("李玲 <span class=\"quiet\">凭链接办</span> <span class=\"tag soon\">不是委员").assert_contains(hint);
    }

    async fn nobody_takes_part_to_whom_not_everybody_agrees(app: TestApp) {
        let app = &app;
        let id = talking(app, Kind::People).await;
        let parties: Vec<Uuid> = case(app, id).await.parties.iter().map(|party| party.id).collect();
        let uncle = "刘大爷";
        let talk = Talk { place: "社区".to_owned(), present: vec![format!("亲属 {uncle}")], notes: "谈了".to_owned() };
        let meet = || async { step!(app, id, meet, (app.means.now(), false, "李玲"), &talk) };
        assert!(refused(meet().await).contains("不能参加"));
        let invite = |who: Vec<Uuid>| async move { step!(app, id, invite, (Relation::Relative, uncle), (&who, Way::Desk)) };
        assert!(refused(invite(parties[..1].to_vec()).await).contains("还缺乙方"));
        invite(parties.clone()).await.unwrap();
        meet().await.unwrap();
        // More time, too, takes both.
        let extend = |who: Vec<Uuid>, day| async move { step!(app, id, extend, day, (&who, Way::Paper)) };
        assert!(refused(extend(parties[1..].to_vec(), date(2026, 12, 30)).await).contains("还缺甲方"));
        assert!(refused(extend(parties.clone(), date(2027, 3, 1)).await).contains("一次可以延到 2027年1月22日"));
        extend(parties, date(2026, 12, 30)).await.unwrap();
        assert_eq!(case(app, id).await.mediation.limit_on.as_deref(), Some("2026-12-30"));
        // When it has run out, what is left of a month in the past is of no use to anybody.
        let id = talking(app, Kind::People).await;
        let parties: Vec<Uuid> = case(app, id).await.parties.iter().map(|party| party.id).collect();
        set(app, "2027-03-01T09:00:00+08:00").await;
        let extend = async |day| step!(app, id, extend, day, (&parties, Way::Paper));
        assert!(refused(extend(date(2027, 1, 20)).await).contains("一次可以延到 2027年3月31日"));
        extend(date(2027, 3, 31)).await.unwrap();
    }

    async fn an_agreement_lacks_nothing_that_the_law_names(app: TestApp) {
        let missing = |item: Item| {
            let (mut words, mut terms, mut party) = (words(), terms(), somebody(1));
            match item {
                Item::Parties => party.identity.clear(),
                Item::Facts => words.facts.clear(),
                Item::Dispute => words.dispute.clear(),
                Item::Responsibility => terms.responsibility.clear(),
                Item::Terms => terms.terms.clear(),
                Item::Manner => terms.manner.clear(),
                Item::Deadline => {}
            }
            (words, terms, party)
        };
        for item in Item::ALL {
            let (words, terms, party) = missing(*item);
            let (cause, origin) = (Cause::Neighbour, Origin::Own);
            let parties = vec![(1, somebody(0)), (2, party)];
            let new = NewMediation { kind: Kind::People, cause, origin, estate: None, issue: None, words, parties };
            let mut tx = app.db.begin().await.unwrap();
            let id = mediation::register(&mut tx, &app.act(), new).await.unwrap();
            tx.commit().await.unwrap();
            step!(app, id, accept).unwrap();
            step!(app, id, name_mediator, None, "王志强").unwrap();
            for party in case(&app, id).await.parties {
                step!(app, id, say, party.id, (true, Way::Desk)).unwrap();
            }
            step!(app, id, begin).unwrap();
            step!(app, id, draft, &terms).unwrap();
            if *item != Item::Deadline {
                step!(app, id, write_duty, "疏通管道", date(2026, 12, 1)).unwrap();
            }
            assert_eq!(refused(step!(app, id, agree, today(&app))), format!("协议书还缺：{item}。补上以后再定稿"));
            assert_eq!(state(&app, id).await, State::Mediating);
        }
        assert_eq!(state(&app, agreed(&app, Kind::People).await).await, State::Agreed);
    }

    async fn it_takes_effect_when_everybody_has_signed_and_the_seal_is_on_it(app: TestApp) {
        let id = agreed(&app, Kind::People).await;
        let known = case(&app, id).await;
        let (first, second, mediator) = (known.parties[0].id, known.parties[1].id, known.mediators[0].id);
        assert_eq!(sign(&app, id, Some(first), SignatureWay::Fingerprint).await.unwrap().len(), 3);
        assert!(refused(sign(&app, id, Some(first), SignatureWay::Signature).await).contains("已经登记过"));
        assert!(refused(sign(&app, id, Some(mediator), SignatureWay::Fingerprint).await).contains("调解员要签名"));
        assert!(refused(sign(&app, id, None, SignatureWay::Signature).await).contains("印章"));
        sign(&app, id, None, SignatureWay::Seal).await.unwrap();
        sign(&app, id, Some(mediator), SignatureWay::Signature).await.unwrap();
        assert_eq!(state(&app, id).await, State::Agreed);
        // They talk again: what was signed is void.
        step!(app, id, rework, "钱数写错了").unwrap();
        assert!(case(&app, id).await.signatures.is_empty());
        step!(app, id, agree, today(&app)).unwrap();
        for signer in [Some(first), Some(mediator), Some(second)] {
            sign(&app, id, signer, SignatureWay::Signature).await.unwrap();
        }
        assert_eq!(state(&app, id).await, State::Agreed, "without the seal");
        assert_eq!(sign(&app, id, None, SignatureWay::Seal).await.unwrap(), Vec::<String>::new());
        let done = case(&app, id).await.mediation;
        assert_eq!((done.state, done.effective_on.as_deref()), (State::Performing, Some("2026-11-23")));

        // Without a committee there is no seal, and nothing that binds.
        let id = agreed(&app, Kind::Member).await;
        assert!(refused(sign(&app, id, None, SignatureWay::Seal).await).contains("只盖在人民调解"));
        let known = case(&app, id).await;
        for signer in known.parties.iter().map(|party| party.id).chain([known.mediators[0].id]) {
            sign(&app, id, Some(signer), SignatureWay::Signature).await.unwrap();
        }
        let done = case(&app, id).await;
        assert_eq!((done.mediation.state, done.mediation.confirm_by.clone()), (State::Performing, None));
        let paper = serde_json::to_string(&done.sheet(Sheet::Part(Part::Agreement))).unwrap();
        assert!(paper.contains("这不是人民调解协议") && !paper.contains("人民调解协议书"), "{paper}");
    }

    async fn what_is_agreed_by_word_of_mouth_holds_at_once(app: TestApp) {
        let id = talking(&app, Kind::Member).await;
        let said = Terms { terms: "晚上十点以后不挪桌椅".to_owned(), ..Terms::default() };
        step!(app, id, agree_orally, &said, (today(&app), Some(date(2026, 12, 1)))).unwrap();
        let known = case(&app, id).await;
        assert_eq!((known.mediation.state, known.mediation.effective_on.as_deref()), (State::Performing, Some("2026-11-23")));
        let paper = serde_json::to_string(&known.sheet(Sheet::Part(Part::Agreement))).unwrap();
        assert!(paper.contains("口头达成协议，自达成之时起生效"), "{paper}");
    }

    async fn it_is_agreed_on_the_day_on_which_they_agreed(app: TestApp) {
        let app = &app;
        let (written, oral) = (talking(app, Kind::People).await, talking(app, Kind::People).await);
        for id in [written, oral] {
            met(app, id).await;
            step!(app, id, draft, &terms()).unwrap();
            step!(app, id, write_duty, "刘建军疏通管道", date(2026, 12, 1)).unwrap();
        }
        // Somebody writes it down on Thursday; they agreed on Tuesday.
        set(app, "2026-11-26T09:00:00+08:00").await;
        for day in [date(2026, 11, 22), date(2026, 11, 27)] {
            assert!(refused(step!(app, written, agree, day)).contains("不早于最后一次谈的 2026年11月23日"));
            assert!(refused(step!(app, oral, agree_orally, &terms(), (day, None))).contains("也不晚于今天"));
        }
        assert!(refused(step!(app, oral, agree_orally, &terms(), (date(2026, 11, 24), Some(date(2026, 11, 23))))).contains("做到的日子"));
        let desk = app.person(Role::Staff).browser().await;
        desk.get(&format!("/mediations/{oral}")).await.assert_contains("name=\"oral_day\" type=\"date\" value=\"2026-11-26\"");
        let form = [("oral_terms", "各出一半"), ("oral_day", "2026-11-24")];
        post(&desk, oral, "oral-agreement", &form[..1]).await.assert_status(422).assert_contains("请选择哪天谈成的");
        post(&desk, oral, "oral-agreement", &form).await.assert_ok();
        let known = case(app, oral).await.mediation;
        assert_eq!((known.effective_on.as_deref(), known.confirm_by.as_deref()), (Some("2026-11-24"), Some("2026-12-24")));
        // What was signed that day is signed that day.
        post(&desk, written, "agreement", &[("agreement_day", "2026-11-24")]).await.assert_ok();
        let signer = Some(case(app, written).await.parties[0].id);
        assert!(refused(step!(app, written, sign, signer, (SignatureWay::Signature, date(2026, 11, 23)))).contains("不早于谈成那天"));
        step!(app, written, sign, signer, (SignatureWay::Signature, date(2026, 11, 24))).unwrap();
    }

    async fn both_can_have_it_confirmed_within_thirty_days(app: TestApp) {
        let app = &app;
        let id = signed(app, Kind::People).await;
        let parties: Vec<Uuid> = case(app, id).await.parties.iter().map(|party| party.id).collect();
        let staff = app.person(Role::Staff).create().await;
        let desk = app.browser_of(&staff).await;
        desk.get("/today").await.assert_contains("司法确认").assert_contains("最晚 2026年12月23日").assert_lacks("刘建军");
        desk.get(&format!("/mediations/{id}")).await.assert_contains("最晚 <b class=\"num\">2026年12月23日</b>");
        let ask = |who: Vec<Uuid>, day| async move { step!(app, id, ask_confirmation, day, (&who, Way::Paper)) };
        set(app, "2026-12-23T20:00:00+08:00").await;
        assert!(refused(ask(parties[..1].to_vec(), date(2026, 12, 23)).await).contains("还缺乙方"));
        ask(parties.clone(), date(2026, 12, 23)).await.unwrap();
        app.browser_of(&staff).await.get("/today").await.assert_lacks("最晚 2026年12月23日");
        step!(app, id, decide_confirmation, (Ruling::Confirmed, date(2026, 12, 23)), "（2026）晋1199民特1号").unwrap();

        // Thirty days from 24 December end on a Saturday, so Monday is the last. Whether later is too late a court says.
        set(app, "2026-12-24T08:00:00+08:00").await;
        let late = signed(app, Kind::People).await;
        assert_eq!(case(app, late).await.mediation.confirm_by.as_deref(), Some("2027-01-25"));
        set(app, "2027-01-25T08:00:00+08:00").await;
        app.browser_of(&staff).await.get("/today").await.assert_contains("最晚 2027年1月25日");
        set(app, "2027-01-26T08:00:00+08:00").await;
        let desk = app.browser_of(&staff).await;
        desk.get("/today").await.assert_lacks("可以共同申请");
        desk.get(&format!("/mediations/{late}")).await.assert_contains("最晚 2027年1月25日，已经过了");
        let parties: Vec<String> = case(app, late).await.parties.iter().map(|party| party.id.to_string()).collect();
        let form = [
            ("confirmation_party", &*parties[0]), ("confirmation_party", &*parties[1]), ("confirmation_way", "paper"),
            ("confirmation_on", "2027-01-26"),
        ];
        post(&desk, late, "confirmation", &form).await.assert_ok().assert_contains("过了 2027年1月25日 的期限，受不受理由法院定");
        // What they have taken back they can ask for again.
        post(&desk, late, "ruling", &[("ruling", "withdrawn"), ("ruled_on", "2027-01-26")]).await.assert_ok();
        assert_eq!(case(app, late).await.mediation.confirmation_on, None);
        post(&desk, late, "confirmation", &form).await.assert_ok();
        post(&desk, late, "ruling", &[("ruling", "refused"), ("ruled_on", "2027-01-26")]).await.assert_ok().assert_contains("法院没有确认，2027年1月26日");
    }

    async fn a_file_is_closed_when_its_parts_are_there(app: TestApp) {
        let id = signed(&app, Kind::People).await;
        let duty = case(&app, id).await.duties[0].id;
        assert!(refused(step!(app, id, complete, "")).contains("还有事项"));
        step!(app, id, default, "没有来疏通").unwrap();
        step!(app, id, urge, "打了电话，说周末来").unwrap();
        step!(app, id, perform, (duty, date(2026, 11, 23)), "看过现场，通了").unwrap();
        assert_eq!(state(&app, id).await, State::Performed);
        assert!(refused(step!(app, id, archive, Term::Short, "")).contains("现在是“已履行”"));
        step!(app, id, call_back, "两家都说好了").unwrap();
        assert_eq!(refused(step!(app, id, archive, Term::Short, "")), "卷宗还缺：身份证明。补齐以后再归档");
        step!(app, id, add_paper, (Part::Identity, "双方身份证复印件", 2)).unwrap();
        step!(app, id, archive, Term::Short, "存放在调解室一号柜").unwrap();
        let kept = case(&app, id).await.mediation;
        assert_eq!((kept.state, kept.keep_until.as_deref()), (State::Archived, Some("2031-11-23")));
        // Nothing is done to it any more.
        assert!(refused(step!(app, id, call_back, "再问一次")).contains("已归档"));

        // When its years are over, the words go and the count stays.
        set(&app, "2031-11-23T12:00:00+08:00").await;
        upkeep::once(&app.app).await.unwrap();
        let kept = |app: &TestApp| { let tenant = app.home.tenant; let db = app.db.clone(); async move {
            db.read().await.unwrap().one::<Count>(KEPT.bind(tenant)).await.unwrap().count
        } };
        assert_eq!(kept(&app).await, 2);
        set(&app, "2031-11-24T12:00:00+08:00").await;
        upkeep::once(&app.app).await.unwrap();
        assert_eq!(kept(&app).await, 0);
        let gone = case(&app, id).await;
        assert!(gone.words.facts.is_empty() && gone.terms.terms.is_empty() && gone.sessions[0].talk.notes.is_empty());
        assert!(gone.mediators.iter().all(|mediator| mediator.name.is_empty()));
        assert!(gone.events.iter().all(|event| event.words.is_empty()));
        assert_eq!(gone.mediation.number, "(2026)人调字第001号");
        let desk = app.person(Role::Staff).browser().await;
        desk.get(&format!("/mediations/{id}")).await.assert_ok().assert_contains("保管期满");
    }

    async fn no_file_is_closed_while_a_court_decides(app: TestApp) {
        let id = signed(&app, Kind::People).await;
        let known = case(&app, id).await;
        step!(app, id, perform, (known.duties[0].id, today(&app)), "看过现场，通了").unwrap();
        step!(app, id, call_back, "两家都说好了").unwrap();
        step!(app, id, add_paper, (Part::Identity, "双方身份证复印件", 2)).unwrap();
        let account = app.person(Role::Staff).create().await;
        let page = format!("/mediations/{id}");
        app.browser_of(&account).await.get(&page).await.assert_contains("归档以后就不能登记了");
        let parties: Vec<Uuid> = known.parties.iter().map(|party| party.id).collect();
        step!(app, id, ask_confirmation, today(&app), (&parties, Way::Paper)).unwrap();
        assert_eq!(refused(step!(app, id, archive, Term::Short, "")), "卷宗还缺：法院的裁定。补齐以后再归档");
        step!(app, id, decide_confirmation, (Ruling::Withdrawn, today(&app)), "").unwrap();
        // What is in the archive is on nobody's list any more.
        app.browser_of(&account).await.get("/today").await.assert_contains("可以共同申请司法确认");
        step!(app, id, archive, Term::Short, "").unwrap();
        app.browser_of(&account).await.get("/today").await.assert_lacks("可以共同申请司法确认");
    }

    async fn only_whoever_assigns_and_whoever_mediates_sees_a_case(app: TestApp) {
        let mut tx = app.db.begin().await.unwrap();
        let estate = place::create_estate(&mut tx, &app.act(), "王府名苑小区", None, None).await.unwrap();
        tx.commit().await.unwrap();
        let of_law = register(&app, Kind::People, Some(estate), None).await;
        let of_member = register(&app, Kind::Member, Some(estate), None).await;
        let page = |id: Uuid| format!("/mediations/{id}");
        let mediator = app.person(Role::GridWorker).named("高晓峰").create().await;
        let (worker, other) = (app.browser_of(&mediator).await, app.person(Role::GridWorker).browser().await);
        let branch = app.person(Role::BranchSecretary).reaching(Reach::Estate, estate).browser().await;
        let desk = app.person(Role::Staff).browser().await;
        // A branch has what its members mediate, the committee's cases are none of its business.
        branch.get(&page(of_member)).await.assert_ok();
        branch.get(&page(of_law)).await.assert_status(404);
        branch.get("/mediations").await.assert_contains("TJ-2026-0001").assert_lacks("人调字");
        branch.get("/today").await.assert_contains("TJ-2026-0001").assert_lacks("人调字");
        for page in [page(of_law), format!("{}/papers/record", page(of_law))] {
            worker.get(&page).await.assert_status(404);
        }
        post(&desk, of_law, "acceptance", &[]).await.assert_ok();
        post(&desk, of_law, "mediators", &[("mediator_account", &mediator.id.to_string())]).await.assert_ok();
        worker.get(&page(of_law)).await.assert_ok().assert_lacks(">定调解员</summary>");
        worker.get("/mediations").await.assert_contains("人调字第001号").assert_lacks("TJ-2026");
        worker.get("/today").await.assert_contains("人调字第001号").assert_lacks("TJ-2026");
        other.get(&page(of_law)).await.assert_status(404);
        other.post(&format!("{}/termination", page(of_law)), &[("version", "3")]).await.assert_status(404);
        worker.get(&page(of_member)).await.assert_status(404);
        // Who does not mediate any more sees it no more.
        let named = case(&app, of_law).await.mediators[0].id;
        post(&desk, of_law, "releases", &[("released", &named.to_string())]).await.assert_ok();
        worker.get(&page(of_law)).await.assert_status(404);
        worker.get("/mediations").await.assert_contains("没有分给您的调解");
        // Nor does another community.
        let elsewhere = app.community("141102004998", "凤山社区").await;
        let stranger = app.person(Role::Staff).of_community(&elsewhere).browser().await;
        stranger.get(&page(of_law)).await.assert_status(404);
        stranger.get("/mediations").await.assert_lacks("人调字");
    }

    async fn a_mediator_without_an_account_sees_that_case_as_long_as_it_is_talked_over(app: TestApp) {
        let other = talking(&app, Kind::Member).await;
        let id = talking(&app, Kind::Member).await;
        let of = |case: &Case| format!("/mediators/{}", mediation::mediator_link(app.home.tenant, case.mediators[0].id, &app.means.keys));
        let (link, elsewhere) = (of(&case(&app, id).await), of(&case(&app, other).await));
        let wang = app.browser();
        let page = wang.get(&link).await;
        page.assert_ok().assert_contains("刘建军").assert_contains(PHONE[0]).assert_contains("污水溢到楼下");
        page.assert_lacks(IDENTITY[0]).assert_lacks("13号楼").assert_lacks("/mediation-parties/").assert_lacks(&elsewhere);
        // Links of other kinds, and changed ones, lead nowhere.
        wang.get(&link.replace("/mediators/", "/mediation-parties/")).await.assert_status(404);
        wang.get(&link.replace("/mediators/", "/helps/")).await.assert_status(404);
        wang.get("/mediators/x").await.assert_status(404);
        let version = page.input("version");
        let said = [
            ("version", version.as_str()),
            ("session_day", "2026-11-23"),
            ("session_time", "08:30"),
            ("session_place", "刘大爷家"),
            ("session_present", "0"),
            ("session_present", "1"),
        ];
        wang.post(&format!("{link}/sessions"), &said).await.assert_status(422).assert_contains("请填写谈了什么");
        let noted = [&said[..], &[("session_notes", "都愿意一起出钱")]].concat();
        wang.post(&format!("{link}/sessions"), &noted).await.assert_ok().assert_contains("都愿意一起出钱");
        let stale = wang.post(&format!("{link}/agreement"), &[("version", version.as_str()), ("oral_terms", "一起出钱"), ("oral_day", "2026-11-23")]).await;
        stale.assert_status(409);
        let version = wang.get(&link).await.input("version");
        let oral = [("version", version.as_str()), ("oral_terms", "各出一半，周末疏通"), ("oral_day", "2026-11-23"), ("oral_due", "2026-11-29")];
        let done = wang.post(&format!("{link}/agreement"), &oral).await;
        done.assert_ok().assert_contains("不用您再操心").assert_lacks("刘建军").assert_lacks(PHONE[0]).assert_lacks("污水");
        assert_eq!(state(&app, id).await, State::Performing);
        wang.post(&format!("{link}/failure"), &[("failure_advice", "court"), ("failure_words", "不谈了")]).await.assert_status(422);
        wang.get(&elsewhere).await.assert_ok().assert_contains("刘建军");
        step!(app, other, release_mediator, case(&app, other).await.mediators[0].id).unwrap();
        wang.get(&elsewhere).await.assert_status(404);
    }

    async fn each_day_on_which_a_link_shows_names_is_logged(app: TestApp) {
        let id = talking(&app, Kind::Member).await;
        let link = format!("/mediators/{}", mediation::mediator_link(app.home.tenant, case(&app, id).await.mediators[0].id, &app.means.keys));
        let opened = async |app: &TestApp| {
            let mut tx = app.db.read().await.unwrap();
            tx.one::<Count>(OPENED.bind(app.home.tenant)).await.unwrap().count
        };
        let wang = app.browser();
        for _ in 0..3 {
            wang.get(&link).await.assert_contains("王秀兰");
        }
        assert_eq!(opened(&app).await, 1);
        set(&app, "2026-11-24T09:00:00+08:00").await;
        wang.get(&link).await.assert_contains("王秀兰");
        assert_eq!(opened(&app).await, 2);
        // Where nothing is shown there is nothing to log.
        step!(app, id, fail, Advice::Court, "没谈成").unwrap();
        set(&app, "2026-11-25T09:00:00+08:00").await;
        wang.get(&link).await.assert_lacks("王秀兰");
        assert_eq!(opened(&app).await, 2);
        app.person(Role::AuditAdmin).browser().await.get("/audit").await.assert_contains("凭链接打开").assert_lacks("王秀兰");
    }

    async fn a_party_says_by_a_link_of_their_own(app: TestApp) {
        let desk = app.person(Role::Staff).browser().await;
        let form = [
            ("kind", "member"), ("cause", "neighbour"), ("origin", "application"), ("facts", "楼上漏水"),
            ("first_name", "刘建军"), ("first_phone", PHONE[0]), ("second_name", "王秀兰"), ("mediator_name", "王志强"),
        ];
        desk.post("/mediations", &form[..3]).await.assert_status(422).assert_contains("请填写主要事实");
        let wrong = [&form[..3], &[("facts", "他的电话13800001234"), ("first_name", "刘建军"), ("second_name", "王秀兰")]].concat();
        desk.post("/mediations", &wrong).await.assert_status(422).assert_contains("不要写手机号");
        let page = desk.post("/mediations", &form).await;
        page.assert_ok().assert_contains("刘*军").assert_lacks("刘建军").assert_lacks(PHONE[0]).assert_contains("138****1234");
        let id: Uuid = page.url.trim_start_matches("/mediations/").parse().unwrap();
        post(&desk, id, "acceptance", &[]).await.assert_ok();
        let links = desk.get(&format!("/mediations/{id}/links")).await;
        let of_parties: Vec<String> = links.between_all("/mediation-parties/", "<").map(|link| format!("/mediation-parties/{link}")).collect();
        assert_eq!(of_parties.len(), 2);
        let party = app.browser();
        party.get(&of_parties[0]).await.assert_ok().assert_contains("王志强").assert_contains("拒绝调解").assert_lacks("楼上漏水").assert_lacks("王秀兰");
        party.post(&of_parties[0], &[]).await.assert_status(422);
        // They agree to those of whom they have read, and to nobody who has been named meanwhile.
        let read = party.get(&of_parties[0]).await.input("version");
        step!(app, id, name_mediator, None, "李玲").unwrap();
        let outdated = party.post(&of_parties[0], &[("version", &*read), ("agrees", "yes")]).await;
        outdated.assert_status(422).assert_contains("请再看一遍").assert_contains("李玲");
        assert_eq!(case(&app, id).await.parties[0].agrees, None);
        for (at, link) in of_parties.iter().enumerate() {
            let browser = if at == 0 { &party } else { &app.browser() };
            let read = browser.get(link).await.input("version");
            browser.post(link, &[("version", &*read), ("agrees", "yes")]).await.assert_ok().assert_contains("您已经同意了");
        }
        post(&desk, id, "beginning", &[]).await.assert_ok();
        // One tap ends nothing to which somebody has agreed.
        let asked = party.post(&of_parties[0], &[("agrees", "no")]).await;
        asked.assert_ok().assert_contains("确定不谈了吗？").assert_contains("接着谈");
        assert_eq!(state(&app, id).await, State::Mediating);
        party.post(&of_parties[0], &[("agrees", "no"), ("sure", "yes")]).await.assert_ok().assert_contains("您没有同意");
        assert_eq!(state(&app, id).await, State::Terminated);
        app.browser().get(&of_parties[1]).await.assert_contains("不在调解了");
        app.browser().post(&of_parties[1], &[("agrees", "yes")]).await.assert_status(422);
        desk.get(&format!("/mediations/{id}/links")).await.assert_status(422);
    }

    async fn names_and_numbers_are_shown_to_whoever_says_why_and_it_is_logged(app: TestApp) {
        let id = signed(&app, Kind::People).await;
        let account = app.person(Role::Staff).create().await;
        let desk = app.browser_of(&account).await;
        let page = format!("/mediations/{id}");
        let hidden = desk.get(&page).await;
        hidden.assert_ok().assert_lacks("王秀兰").assert_lacks(PHONE[1]).assert_lacks(IDENTITY[1]).assert_contains("王*兰");
        desk.get(&format!("{page}/papers/agreement")).await.assert_status(422).assert_contains("写明原因").assert_lacks("王秀兰");
        post(&desk, id, "openings", &[("open_reason", "看")]).await.assert_status(422);
        post(&desk, id, "openings", &[("open_reason", "打13800001234")]).await.assert_status(422);
        post(&desk, id, "openings", &[("open_reason", "打印协议请双方签字")]).await.assert_ok().assert_contains("王秀兰").assert_contains(IDENTITY[1]);
        desk.get(&format!("{page}/papers/agreement")).await.assert_ok().assert_contains("人民调解协议书").assert_contains("王秀兰");
        // Nobody else reads on, and neither do they after a while.
        app.person(Role::Staff).browser().await.get(&page).await.assert_lacks("王秀兰");
        app.means.clock.set(app.means.now() + SignedDuration::from_mins(31));
        app.browser_of(&account).await.get(&page).await.assert_lacks("王秀兰");
        app.person(Role::AuditAdmin).browser().await.get("/audit").await
            .assert_contains("打开卷宗").assert_contains("打印协议请双方签字").assert_lacks("王秀兰");
    }

    async fn a_name_is_hidden_wherever_it_was_written(app: TestApp) {
        let id = talking(&app, Kind::People).await;
        let everybody = mediation::invited(&mut app.db.read().await.unwrap(), &app.act(), id).await.unwrap();
        let talk = Talk { place: "王秀兰家".to_owned(), present: everybody, notes: "王秀兰说愿意出一半".to_owned() };
        step!(app, id, meet, (app.means.now(), false, "景瑞芳"), &talk).unwrap();
        let session = case(&app, id).await.sessions[0].id;
        let correct = mediation::Correct { words: "王秀兰愿意全出".to_owned(), reason: "王秀兰要求更正".to_owned() };
        step!(app, id, correct, session, &correct).unwrap();
        step!(app, id, add_paper, (Part::Identity, "王秀兰身份证复印件", 1)).unwrap();
        step!(app, id, write_duty, "王秀兰付钱", date(2026, 12, 1)).unwrap();
        step!(app, id, pause, "王秀兰住院").unwrap();
        let desk = app.person(Role::Staff).browser().await;
        let page = desk.get(&format!("/mediations/{id}")).await;
        page.assert_ok().assert_lacks("王秀兰");
        for said in ["王*兰家", "王*兰要求更正", "王*兰身份证复印件", "王*兰付钱", "王*兰住院"] {
            page.assert_contains(said);
        }
        post(&desk, id, "openings", &[("open_reason", "核对更正过的调解记录")]).await.assert_contains("王秀兰要求更正");
        // Whoever mediates reads what has been put right, too.
        let mediator = case(&app, id).await.mediators[0].id;
        let link = format!("/mediators/{}", mediation::mediator_link(app.home.tenant, mediator, &app.means.keys));
        app.browser().get(&link).await.assert_contains("更正：</b>王秀兰愿意全出");
    }

    async fn nothing_of_a_case_is_anywhere_else(app: TestApp) {
        let issue = app.file_issue(Vec::new()).await;
        let desk = app.person(Role::Staff).browser().await;
        let id = register(&app, Kind::People, None, Some(issue)).await;
        let mut tx = app.db.begin().await.unwrap();
        let again = NewMediation {
            kind: Kind::People, cause: Cause::Other, origin: Origin::Own, estate: None, issue: Some(issue), words: words(),
            parties: Vec::new(),
        };
        assert!(refused(mediation::register(&mut tx, &app.act(), again).await).contains("已经转调解了"));
        drop(tx);
        let code = desk.get(&format!("/issues/{issue}")).await.assert_ok().link("/receipts/");
        let receipt = app.browser().get(&code).await;
        receipt.assert_contains("转调解").assert_lacks("刘建军").assert_lacks("污水").assert_lacks("人调字");
        step!(app, id, accept).unwrap();
        step!(app, id, name_mediator, None, "王志强").unwrap();
        let parties = case(&app, id).await.parties;
        step!(app, id, say, parties[0].id, (true, Way::Desk)).unwrap();
        step!(app, id, say, parties[1].id, (false, Way::Desk)).unwrap();
        let receipt = app.browser().get(&code).await;
        receipt.assert_contains("调解终止，可以走其他途径").assert_lacks("不同意").assert_lacks("乙方").assert_lacks("王志强");
        // The issue goes its own way, and another mediation can follow.
        desk.get(&format!("/issues/{issue}")).await.assert_contains("受理");
        signed(&app, Kind::People).await;

        upkeep::index(&app.db).await.unwrap();
        for name in ["刘建军", "王秀兰", "污水溢到楼下"] {
            desk.post("/residents/search", &[("q", name)]).await.assert_lacks("/residents/0");
            desk.get(&format!("/issues?q={}", form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>())).await.assert_lacks("人调字");
        }
        let mut tx = app.db.read().await.unwrap();
        for statement in [POSTED, AUDITED] {
            for Text { text } in tx.all::<Text>(statement.bind(app.home.tenant)).await.unwrap() {
                let found = ["刘建军", "王秀兰", "污水", PHONE[0], IDENTITY[0], "王志强"].into_iter().find(|word| text.contains(word));
                assert_eq!(found, None, "{text}");
            }
        }
    }

    async fn the_board_counts_and_names_nobody(app: TestApp) {
        let board = format!("/board/{}/mediation", app.home.code);
        app.browser().get(&format!("/board/{}", app.home.code)).await.assert_contains(&board);
        for _ in 0..4 {
            signed(&app, Kind::People).await;
        }
        let few = app.browser().get(&board).await;
        few.assert_ok().assert_contains("<b>不足 5 件</b>2026 年调解").assert_contains("<b>不足 5 件</b>达成协议").assert_lacks("4 件");
        talking(&app, Kind::Member).await;
        register(&app, Kind::Member, None, None).await; // not taken on
        let page = app.browser().get(&board).await;
        page.assert_contains("<b>5 件</b>2026 年调解").assert_contains("<b>不足 5 件</b>达成协议");
        for name in ["刘建军", "王秀兰", "王志强", "人调字"] {
            page.assert_lacks(name);
        }
        signed(&app, Kind::Member).await;
        app.browser().get(&board).await.assert_contains("<b>6 件</b>2026 年调解").assert_contains("<b>5 件</b>达成协议");
        set(&app, "2027-01-01T09:00:00+08:00").await;
        app.browser().get(&board).await.assert_contains("<b>不足 5 件</b>2027 年调解");
    }

    async fn the_list_goes_on_from_page_to_page(app: TestApp) {
        for _ in 0..31 {
            app.means.clock.set(app.means.now() + SignedDuration::from_mins(1));
            register(&app, Kind::Member, None, None).await;
        }
        let desk = app.person(Role::Staff).browser().await;
        let first = desk.get("/mediations").await;
        first.assert_contains("TJ-2026-0031").assert_contains("TJ-2026-0002").assert_lacks("TJ-2026-0001<");
        let rest = desk.get(&first.link("/mediations?before=")).await;
        rest.assert_contains("TJ-2026-0001").assert_lacks("TJ-2026-0002").assert_lacks("rel=\"next\"");
    }

    async fn two_desks_on_one_page_are_told_of_each_other(app: TestApp) {
        let id = register(&app, Kind::People, None, None).await;
        let (first, second) = (app.person(Role::Staff).browser().await, app.person(Role::Secretary).browser().await);
        let page = format!("/mediations/{id}");
        let version = second.get(&page).await.input("version");
        post(&first, id, "acceptance", &[]).await.assert_ok();
        let late = second.post(&format!("{page}/mediators"), &[("version", version.as_str()), ("mediator_name", "王志强")]).await;
        late.assert_status(409).assert_contains("社区工作人员").assert_contains("受理");
        assert!(case(&app, id).await.mediators.is_empty());
    }

    async fn the_police_are_told_and_it_pauses(app: TestApp) {
        let id = talking(&app, Kind::People).await;
        step!(app, id, tell_police, "一方拿刀威胁，已报城北派出所").unwrap();
        assert_eq!(state(&app, id).await, State::Paused);
        step!(app, id, resume, "派出所处理完了").unwrap();
        step!(app, id, terminate, (Ending::Police, Advice::Administrative), "由公安机关处理").unwrap();
        let ended = case(&app, id).await;
        assert_eq!(ended.mediation.ending, Some(Ending::Police));
        assert!(ended.events.iter().any(|event| event.step == Step::PoliceTold && event.words.contains("派出所")));
    }

    async fn whoever_is_let_down_is_told_where_to_go(app: TestApp) {
        let id = signed(&app, Kind::People).await;
        step!(app, id, default, "没有来疏通").unwrap();
        let desk = app.person(Role::Staff).browser().await;
        desk.get(&format!("/mediations/{id}")).await.assert_contains("可以就协议向法院起诉");
        post(&desk, id, "advice", &[("advice_advice", "court")]).await.assert_ok().assert_contains("已告知可以向法院起诉");
        // When talking has come to nothing it can still come to blows.
        let id = talking(&app, Kind::People).await;
        let ends = |ending| [("termination_ending", ending), ("termination_advice", "court"), ("termination_words", "不归这里管")];
        post(&desk, id, "termination", &ends("withdrew")).await.assert_status(422).assert_contains("请选择为什么终止");
        post(&desk, id, "termination", &ends("unfit")).await.assert_ok();
        step!(app, id, tell_police, "一方扬言报复，已报城北派出所").unwrap();
        assert_eq!(state(&app, id).await, State::Terminated);
    }

    async fn the_papers_are_word_files_that_another_office_opens(app: TestApp) {
        let id = signed(&app, Kind::People).await;
        let session = case(&app, id).await.sessions[0].id;
        let correct = mediation::Correct { words: "愿意各出一半".to_owned(), reason: "记漏了".to_owned() };
        step!(app, id, correct, session, &correct).unwrap();
        let duty = case(&app, id).await.duties[0].id;
        step!(app, id, perform, (duty, date(2026, 11, 23)), "看过现场，通了").unwrap();
        step!(app, id, call_back, "两家都说好了").unwrap();
        step!(app, id, add_paper, (Part::Identity, "双方身份证复印件", 2)).unwrap();
        let desk = app.person(Role::Staff).browser().await;
        post(&desk, id, "openings", &[("open_reason", "打印卷宗归档")]).await.assert_ok();
        for (sheet, wanted) in [
            ("registration", ["调解受理登记表", "谁出疏通的钱"]),
            ("notice", ["权利义务告知书", "自愿达成调解协议"]),
            ("record", ["更正", "愿意各出一半"]),
            ("agreement", ["人民调解协议书", "疏通费各出一半"]),
            ("callback", ["回访记录", "两家都说好了"]),
        ] {
            let page = desk.get(&format!("/mediations/{id}/papers/{sheet}")).await;
            for words in wanted {
                page.assert_ok().assert_contains(words);
            }
        }
        desk.get(&format!("/mediations/{id}/papers/back")).await.assert_status(404);
        let file = desk.download(&format!("/mediations/{id}/papers/file/paper.docx")).await;
        let words = office::words(&file);
        let order = ["卷内目录", "调解受理登记表", "权利义务告知书", "身份证明", "调解记录", "人民调解协议书", "回访记录", "封底"];
        let (_, inside) = words.split_once("卷内目录").unwrap();
        let (_, mut rest) = inside.split_once("归档时生成").unwrap(); // beyond the table of contents
        for part in &order[1..] {
            let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{part} is missing or out of order in {words}"));
            rest = after;
        }
        for said in [IDENTITY[0], "刘建军", "疏通费各出一半", "2026年11月23日 起生效", "2026年12月1日", "看过现场，通了"] {
            assert!(words.contains(said), "{said} is missing in {words}");
        }
        // Days are said as people say them, and nowhere as they are kept.
        assert!(!words.contains("2026-1"), "{words}");
    }
}
