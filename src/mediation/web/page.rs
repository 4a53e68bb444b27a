//! One case, with the steps that its reader may take now.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, options, sides};
use crate::access::{self, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::mediation::file::{self, Content};
use crate::mediation::model::{
    Advice, Confirmation, Ending, Item, Part, Relation, Ruling, SignatureWay, Stance, TERMINATIONS, Term, Way,
    all_agree, missing, side, unsigned,
};
use crate::mediation::paper::Sheet;
use crate::mediation::step::day_of;
use crate::mediation::store::{self, Case, Mediation};
use crate::mediation::transition::{State as Standing, Step};
use crate::mediation::{course, todo};
use crate::web::{Form, Shell, page, show};

pub fn routes() -> Routes {
    Routes::default().get("/mediations/{id}", Permission::MediationWork, show)
}

#[derive(Template)]
#[template(path = "mediation/web/show.html")]
pub(super) struct ShowPage {
    shell: Shell,
    /// With names and numbers masked, unless it is open.
    case: Case,
    /// Until when they are shown in full.
    opened: Option<Timestamp>,
    contents: Vec<Content>,
    wants: Vec<String>,
    /// What the agreement lacks, as it is written now.
    lacks: Vec<Item>,
    /// Whose signatures it lacks.
    unsigned: Vec<String>,
    all_agree: bool,
    /// Who can take part in a session, by their places in the list.
    invited: Options,
    accounts: Options,
    /// Who does not sit on the 人民调解委员会, so that it has to have engaged them (人民调解法, art. 13).
    outside: Vec<Uuid>,
    /// Of the mediator who has no account, or of a party who has not agreed to those who mediate now.
    has_links: bool,
    today: Date,
    may_manage: bool,
    may_read_issue: bool,
    form: Form,
    failed: String,
}

impl ShowPage {
    fn mediation(&self) -> &Mediation {
        &self.case.mediation
    }

    /// Whether a step can be taken from here.
    fn can(&self, step: Step) -> bool {
        self.case.mediation.state.after(step).is_some()
    }

    fn opens(&self, form: &str) -> bool {
        self.failed == form
    }

    fn verb(&self) -> &'static str {
        todo::verb(self.case.mediation.state)
    }

    fn is_over(&self, day: &str) -> bool {
        day.parse::<Date>().is_ok_and(|day| day < self.today)
    }

    fn side(&self, number: &i64) -> &'static str {
        side(*number)
    }

    fn side_of(&self, party: &Uuid) -> &'static str {
        self.case.parties.iter().find(|known| known.id == *party).map_or("当事人", |known| side(known.side))
    }

    fn signer(&self, id: &Option<Uuid>) -> String {
        let Some(id) = id else { return "人民调解委员会".to_owned() };
        let mediator = self.case.mediators.iter().find(|known| known.id == *id);
        mediator.map_or_else(|| self.side_of(id).to_owned(), |known| format!("调解员 {}", known.name))
    }

    fn stance(&self, party: &store::Party) -> Stance {
        Stance::of(party, &self.case.mediators)
    }

    fn sides(&self) -> Options {
        sides()
    }

    fn party_options(&self) -> Options {
        let option =
            |party: &store::Party| (party.id.to_string(), format!("{} {}", side(party.side), party.particulars.name));
        self.case.parties.iter().map(option).collect()
    }

    fn signers(&self) -> Options {
        let mut signers = self.party_options();
        signers
            .extend(self.case.mediators.iter().map(|known| (known.id.to_string(), format!("调解员 {}", known.name))));
        if self.case.mediation.kind.binds() {
            signers.push(("seal".to_owned(), "人民调解委员会（印章）".to_owned()));
        }
        signers
    }

    fn mediator_options(&self) -> Options {
        self.case.mediators.iter().map(|known| (known.id.to_string(), known.name.clone())).collect()
    }

    fn session_options(&self) -> Options {
        let option = |(number, session): (usize, &store::Session)| {
            (session.id.to_string(), format!("第 {number} 次，{}", show::moment(&session.held_at)))
        };
        (1..).zip(&self.case.sessions).map(option).collect()
    }

    fn duty_options(&self) -> Options {
        let left = self.case.duties.iter().filter(|duty| duty.performed_on.is_none());
        left.map(|duty| (duty.id.to_string(), format!("{}（最晚 {}）", duty.task.what, show::kept_day(&duty.due_on))))
            .collect()
    }

    /// What a person at the desk can record: what somebody says there, or on paper.
    fn ways(&self) -> Options {
        options(&[Way::Desk, Way::Paper], Way::code, Way::label)
    }

    fn relations(&self) -> Options {
        options(Relation::ALL, Relation::code, Relation::label)
    }

    fn signature_ways(&self) -> Options {
        options(SignatureWay::ALL, SignatureWay::code, SignatureWay::label)
    }

    fn endings(&self) -> Options {
        options(TERMINATIONS, Ending::code, Ending::label)
    }

    fn advices(&self) -> Options {
        options(Advice::ALL, Advice::code, Advice::label)
    }

    fn terms(&self) -> Options {
        options(Term::ALL, Term::code, Term::label)
    }

    fn rulings(&self) -> Options {
        options(Ruling::ALL, Ruling::code, Ruling::label)
    }

    fn parts(&self) -> Options {
        let on_paper: Vec<Part> = Part::ALL.iter().copied().filter(|part| *part != Part::Back).collect();
        options(&on_paper, Part::code, Part::label)
    }

    fn sheets(&self) -> [Sheet; 6] {
        Sheet::ALL
    }
}

/// Hides names and numbers of whoever is in a case, in what was written about them too. Who mediates is no secret.
fn mask(case: &mut Case) {
    let people = case.parties.iter().chain(&case.former);
    let people = people.flat_map(|party| [&party.particulars.name, &party.particulars.representative]);
    let people = people.chain(case.guests.iter().map(|guest| &guest.name)).filter(|name| name.chars().count() > 1);
    let names: Vec<(String, String)> = people.map(|name| (name.clone(), masked_name(name))).collect();
    let hide = |words: &mut String| {
        for (name, masked) in &names {
            *words = words.replace(name, masked);
        }
    };
    [&mut case.words.facts, &mut case.words.dispute].into_iter().for_each(hide);
    [&mut case.terms.responsibility, &mut case.terms.terms, &mut case.terms.manner].into_iter().for_each(hide);
    for session in &mut case.sessions {
        session.talk.present.iter_mut().for_each(hide);
        [&mut session.talk.place, &mut session.talk.notes].into_iter().for_each(hide);
        for correction in &mut session.corrections {
            [&mut correction.correct.words, &mut correction.correct.reason].into_iter().for_each(hide);
        }
    }
    for duty in &mut case.duties {
        [&mut duty.task.what, &mut duty.task.proof].into_iter().for_each(hide);
    }
    case.events.iter_mut().for_each(|event| hide(&mut event.words));
    case.filed.iter_mut().for_each(|filed| hide(&mut filed.title));
    for party in &mut case.parties {
        party.particulars = party.particulars.masked();
    }
    case.guests.iter_mut().for_each(|guest| guest.name = masked_name(&guest.name));
}

fn masked_name(name: &str) -> String {
    codes::PersonName::parse(name).map_or_else(|_| "已登记".to_owned(), |name| name.masked())
}

/// `甲方 王秀兰` as `甲方 王*兰`.
fn masked_of(who: &str) -> String {
    match who.split_once(' ') {
        Some(("调解员", _)) | None => who.to_owned(),
        Some((what, name)) => format!("{what} {}", masked_name(name)),
    }
}

pub(super) async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    party: Option<Uuid>,
    (failed, form): (String, Option<Form>),
) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::MediationWork)?;
    let mut tx = app.db.read().await?;
    let mediation = store::readable(&mut tx, viewer, id).await?;
    let mut case = store::case(&mut tx, &act, mediation).await?;
    let opened = store::opened(&mut tx, &act, id).await?;
    let may_manage = viewer.may(Permission::MediationManage);
    let accounts = if may_manage && case.mediation.state.talks() {
        let holders = access::holders(&mut tx, viewer.tenant, Permission::MediationWork).await?;
        holders.into_iter().map(|holder| (holder.account.to_string(), holder.name)).collect()
    } else {
        Vec::new()
    };
    let outside = course::outside(&mut tx, &act, &case).await?;
    let invited = course::invited(&mut tx, &act, id).await?;
    let invited = invited.iter().map(|who| if opened.is_some() { who.clone() } else { masked_of(who) });
    let invited = invited.enumerate().map(|(at, who)| (at.to_string(), who)).collect();
    let lacks = missing(&case.words, &case.parties, &case.terms, case.duties.len());
    let unsigned = unsigned(case.mediation.kind, &case.parties, &case.mediators, &case.signatures);
    let talks = case.mediation.state.talks();
    let has_links = talks
        && (case.parties.iter().any(|known| Stance::of(known, &case.mediators) != Stance::Agrees)
            || case.mediators.iter().any(|known| known.account_id.is_none()));
    let today = day_of(act.at);
    let form = form.unwrap_or_else(|| fresh_form(&case, party, today, opened.is_some()));
    let failed = if party.is_some() && failed.is_empty() { "parties".to_owned() } else { failed };
    if opened.is_none() {
        mask(&mut case);
    }
    let (contents, wants, all_agree) =
        (file::contents(&case), file::wants(&case), all_agree(&case.parties, &case.mediators));
    Ok(ShowPage {
        shell,
        opened,
        contents,
        wants,
        lacks,
        unsigned,
        all_agree,
        invited,
        accounts,
        outside,
        has_links,
        today,
        may_manage,
        may_read_issue: viewer.may(Permission::IssueRead),
        form,
        failed,
        case,
    })
}

/// What the forms hold before anybody types.
fn fresh_form(case: &Case, party: Option<Uuid>, today: Date, opened: bool) -> Form {
    let today = today.to_string();
    let known = party.and_then(|id| case.parties.iter().find(|known| known.id == id));
    let number = known.map_or(case.parties.len() as i64 + 1, |known| known.side).clamp(1, 4);
    let mut form = Form::filled(&[
        ("session_day", &today),
        ("session_open", "no"),
        ("agreement_day", &today),
        ("oral_day", &today),
        ("signed_on", &today),
        ("performed_on", &today),
        ("confirmation_on", &today),
        ("ruled_on", &today),
        ("party_side", &number.to_string()),
        ("archive_term", Term::Short.code()),
    ]);
    for field in ["consent_way", "guest_way", "extension_way", "confirmation_way"] {
        form.set(field, Way::Desk.code());
    }
    // Whoever changes the words has to read them as they are.
    if opened {
        let Case { words, terms, .. } = case;
        for (field, value) in [
            ("facts", &words.facts),
            ("dispute", &words.dispute),
            ("terms_responsibility", &terms.responsibility),
            ("terms_terms", &terms.terms),
            ("terms_manner", &terms.manner),
        ] {
            form.set(field, value.clone());
        }
    }
    if let Some(known) = known {
        form.set("party_id", known.id.to_string());
    }
    form
}

#[derive(Deserialize)]
struct Chosen {
    /// Whom the form is to change.
    party: Option<Uuid>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(chosen): Query<Chosen>,
) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, chosen.party, (String::new(), None)).await?)
}
