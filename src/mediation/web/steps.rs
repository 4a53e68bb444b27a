//! The steps of a case: each is a form of its own noun, and one handler takes them all.

use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use jiff::civil::Time;
use uuid::Uuid;

use super::page::show_page;
use super::{day, moment, particulars, words};
use crate::access::{self, Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::mediation::model::{
    Advice, Ending, Part, Relation, Ruling, SIDES, SignatureWay, TERMINATIONS, Term, Terms, Way, Words,
};
use crate::mediation::store::{self, Correct, Mediation, Talk};
use crate::mediation::{agreement, course, file, step};
use crate::web::{Form, Shell, page_again, redirect};

use Permission::{MediationManage, MediationWork};

/// What each form is posted to, and who may.
const STEPS: &[(&str, Permission)] = &[
    ("/mediations/{id}/words", MediationWork),
    ("/mediations/{id}/parties", MediationWork),
    ("/mediations/{id}/party-removals", MediationWork),
    ("/mediations/{id}/acceptance", MediationManage),
    ("/mediations/{id}/mediators", MediationManage),
    ("/mediations/{id}/releases", MediationManage),
    ("/mediations/{id}/consents", MediationWork),
    ("/mediations/{id}/guests", MediationWork),
    ("/mediations/{id}/beginning", MediationWork),
    ("/mediations/{id}/sessions", MediationWork),
    ("/mediations/{id}/corrections", MediationWork),
    ("/mediations/{id}/extension", MediationWork),
    ("/mediations/{id}/police-reports", MediationWork),
    ("/mediations/{id}/pause", MediationWork),
    ("/mediations/{id}/resumption", MediationWork),
    ("/mediations/{id}/draft", MediationWork),
    ("/mediations/{id}/duties", MediationWork),
    ("/mediations/{id}/duty-removals", MediationWork),
    ("/mediations/{id}/agreement", MediationWork),
    ("/mediations/{id}/oral-agreement", MediationWork),
    ("/mediations/{id}/signatures", MediationWork),
    ("/mediations/{id}/renegotiation", MediationWork),
    ("/mediations/{id}/performances", MediationWork),
    ("/mediations/{id}/completion", MediationWork),
    ("/mediations/{id}/default", MediationWork),
    ("/mediations/{id}/urgings", MediationWork),
    ("/mediations/{id}/confirmation", MediationWork),
    ("/mediations/{id}/ruling", MediationWork),
    ("/mediations/{id}/failure", MediationWork),
    ("/mediations/{id}/termination", MediationWork),
    ("/mediations/{id}/advice", MediationWork),
    ("/mediations/{id}/callbacks", MediationWork),
    ("/mediations/{id}/papers", MediationWork),
    ("/mediations/{id}/archive", MediationManage),
    ("/mediations/{id}/openings", MediationWork),
];

pub fn routes() -> Routes {
    STEPS.iter().fold(Routes::default(), |routes, (path, need)| routes.post(path, *need, take))
}

async fn take(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let noun = shell.path.rsplit('/').next().unwrap_or_default().to_owned();
    let known = STEPS.iter().find(|(path, _)| path.rsplit('/').next() == Some(&noun));
    let (_, permission) = known.ok_or(Error::NotFound)?;
    let act = app.act(&viewer, *permission)?;
    let mut tx = app.db.begin().await?;
    let mut mediation = store::readable(&mut tx, &viewer, id).await?;
    let done = Box::pin(perform(&mut tx, &act, &viewer, &mut mediation, &noun, &mut form)).await;
    if let Some(Some(flash)) = form.noted(&noun, done)? {
        tx.commit().await?;
        return Ok(redirect(&format!("/mediations/{id}"), &flash));
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, None, (noun, Some(form))).await?)
}

/// The parties whose boxes are ticked.
fn ticked(form: &Form, field: &str) -> Vec<Uuid> {
    form.values(field).filter_map(|id| id.parse().ok()).collect()
}

fn way(form: &mut Form, field: &str) -> Option<Way> {
    form.choice(field, "怎么说的", |code| Way::parse(code).filter(|way| *way != Way::Link))
}

/// Takes the step that a form is for, and says what has been done; `None` if the form is not right.
async fn perform(
    tx: &mut Tx,
    act: &Act,
    viewer: &Viewer,
    mediation: &mut Mediation,
    noun: &str,
    form: &mut Form,
) -> Result<Option<String>> {
    let seen = form.version();
    let flash = match noun {
        "words" => {
            let facts = words(form, "facts", "主要事实", 4, 3000);
            let dispute = words(form, "dispute", "争议事项", 0, 1000);
            if !form.ok() {
                return Ok(None);
            }
            step::rewrite(tx, act, mediation, seen, &Words { facts, dispute }).await?;
            "已改好"
        }
        "parties" => return party(tx, act, mediation, form).await,
        "party-removals" => {
            let party = form.choice("removed_party", "哪位当事人", |id| id.parse().ok());
            let reason = words(form, "removal_reason", "理由", 2, 200);
            let (Some(party), true) = (party, form.ok()) else { return Ok(None) };
            course::remove_party(tx, act, mediation, seen, party, &reason).await?;
            "已删去，这位的码不能用了"
        }
        "acceptance" => {
            course::accept(tx, act, mediation, seen).await?;
            "已受理，开始计时"
        }
        "mediators" => return mediator(tx, act, mediation, form).await,
        "releases" => {
            let Some(id) = form.choice("released", "哪位调解员", |id| id.parse().ok()) else { return Ok(None) };
            course::release_mediator(tx, act, mediation, seen, id).await?;
            "已登记，这位看不到这件事了"
        }
        "consents" => {
            let party = form.choice("consent_party", "哪位当事人", |id| id.parse().ok());
            let agrees = form.choice("consent", "同意不同意", answer);
            let way = way(form, "consent_way");
            if agrees == Some(true) && !form.is("consent_notice", "yes") {
                form.fail("consent_notice", "先把权利义务告知书交给本人看");
            }
            let (Some(party), Some(agrees), Some(way), true) = (party, agrees, way, form.ok()) else {
                return Ok(None);
            };
            course::say(tx, act, mediation, seen, party, (agrees, way)).await?;
            if agrees { "已登记：同意" } else { "已登记：不同意，调解终止" }
        }
        "guests" => {
            let relation = form.choice("guest_relation", "是什么人", Relation::parse);
            let name = form.person_name("guest_name");
            let way = way(form, "guest_way");
            let (Some(relation), Some(name), Some(way)) = (relation, name, way) else { return Ok(None) };
            let consents = ticked(form, "guest_party");
            course::invite(tx, act, mediation, seen, (relation, &name), (&consents, way)).await?;
            "已登记，可以参加调解了"
        }
        "beginning" => {
            course::begin(tx, act, mediation, seen).await?;
            "开始调解，每谈一次记一次"
        }
        "sessions" => return session(tx, act, viewer, mediation, form).await,
        "corrections" => {
            let session = form.choice("corrected", "哪一次", |id| id.parse().ok());
            let said = words(form, "correct_words", "应当读作", 2, 1000);
            let reason = words(form, "correct_reason", "理由", 2, 200);
            let (Some(session), true) = (session, form.ok()) else { return Ok(None) };
            course::correct(tx, act, mediation, seen, session, &Correct { words: said, reason }).await?;
            "更正已记在旁边，原来的记录还在"
        }
        "extension" => {
            let (until, way) = (day(form, "extension_until", "延到哪天"), way(form, "extension_way"));
            let (Some(until), Some(way)) = (until, way) else { return Ok(None) };
            let consents = ticked(form, "extension_party");
            course::extend(tx, act, mediation, seen, until, (&consents, way)).await?;
            "期限已延长"
        }
        "police-reports" | "pause" | "resumption" | "renegotiation" | "completion" | "default" | "urgings"
        | "callbacks" => return worded(tx, act, mediation, noun, form).await,
        "draft" => {
            let mut text = |field, label| words(form, field, label, 0, 3000);
            let terms = Terms {
                responsibility: text("terms_responsibility", "各方责任"),
                terms: text("terms_terms", "协议内容"),
                manner: text("terms_manner", "履行方式"),
            };
            if !form.ok() {
                return Ok(None);
            }
            agreement::draft(tx, act, mediation, seen, &terms).await?;
            "草稿已存"
        }
        "duties" => {
            let what = words(form, "duty_what", "谁做什么", 2, 300);
            let (Some(due), true) = (day(form, "duty_due", "最晚哪天"), form.ok()) else { return Ok(None) };
            agreement::write_duty(tx, act, mediation, seen, &what, due).await?;
            "已登记"
        }
        "duty-removals" => {
            let Some(duty) = form.choice("removed_duty", "哪一项", |id| id.parse().ok()) else { return Ok(None) };
            agreement::remove_duty(tx, act, mediation, seen, duty).await?;
            "已删去这一项"
        }
        "agreement" => {
            let Some(day) = day(form, "agreement_day", "哪天谈成的") else { return Ok(None) };
            agreement::agree(tx, act, mediation, seen, day).await?;
            "协议已定稿，打印出来请各方签字"
        }
        "oral-agreement" => {
            let terms = words(form, "oral_terms", "谈成了什么", 4, 3000);
            let agreed = day(form, "oral_day", "哪天谈成的");
            let due = form.optional_choice("oral_due", "最晚哪天做到", |day| day.parse().ok());
            let (Some(agreed), true) = (agreed, form.ok()) else { return Ok(None) };
            let terms = Terms { terms, ..store::terms(tx, act, mediation.id).await? };
            agreement::agree_orally(tx, act, mediation, seen, &terms, (agreed, due)).await?;
            "口头协议已记录，从谈成那天起生效"
        }
        "signatures" => {
            let signer = form.choice("signer", "谁签的", |id| match id {
                "seal" => Some(None),
                id => id.parse::<Uuid>().ok().map(Some),
            });
            let way = form.choice("signature_way", "怎么签的", SignatureWay::parse);
            let (Some(signer), Some(way), Some(day)) = (signer, way, day(form, "signed_on", "哪天签的")) else {
                return Ok(None);
            };
            let lacks = agreement::sign(tx, act, mediation, seen, signer, (way, day)).await?;
            let flash = if lacks.is_empty() {
                "签字盖章齐了，协议生效".to_owned()
            } else {
                format!("已登记，还缺：{}", lacks.join("、"))
            };
            return Ok(Some(flash));
        }
        "performances" => {
            let duty = form.choice("performed", "哪一项", |id| id.parse().ok());
            let day = day(form, "performed_on", "哪天做到的");
            let proof = words(form, "performed_proof", "凭什么知道做到了", 2, 300);
            let (Some(duty), Some(day), true) = (duty, day, form.ok()) else { return Ok(None) };
            agreement::perform(tx, act, mediation, seen, (duty, day), &proof).await?;
            "已登记履行"
        }
        "confirmation" => {
            let (day, way) = (day(form, "confirmation_on", "哪天申请的"), way(form, "confirmation_way"));
            let (Some(day), Some(way)) = (day, way) else { return Ok(None) };
            let consents = ticked(form, "confirmation_party");
            let missed = agreement::ask_confirmation(tx, act, mediation, seen, day, (&consents, way)).await?;
            let late = |last| format!("已登记，但是过了 {} 的期限，受不受理由法院定", step::in_words(last));
            return Ok(Some(missed.map_or_else(|| "已登记共同申请，等法院裁定".to_owned(), late)));
        }
        "ruling" => {
            let ruling = form.choice("ruling", "法院怎么定的", Ruling::parse);
            let day = day(form, "ruled_on", "哪天");
            let said = words(form, "ruling_words", "裁定书编号", 0, 200);
            let (Some(ruling), Some(day), true) = (ruling, day, form.ok()) else { return Ok(None) };
            agreement::decide_confirmation(tx, act, mediation, seen, (ruling, day), &said).await?;
            "已登记"
        }
        "failure" | "termination" | "advice" => return end(tx, act, mediation, noun, form).await,
        "papers" => {
            let part = form.choice("paper_part", "放在哪一部分", |code| {
                Part::parse(code).filter(|part| *part != Part::Back)
            });
            let title = words(form, "paper_title", "是什么材料", 2, 60);
            let pages = form.choice("paper_pages", "页数", |text| {
                text.trim().parse::<i64>().ok().filter(|pages| (1..=999).contains(pages))
            });
            let (Some(part), Some(pages), true) = (part, pages, form.ok()) else { return Ok(None) };
            file::add_paper(tx, act, mediation, seen, (part, &title, pages)).await?;
            "已入卷"
        }
        "archive" => {
            let term = form.choice("archive_term", "保管期限", Term::parse);
            let back = words(form, "archive_words", "封底说明", 0, 200);
            let (Some(term), true) = (term, form.ok()) else { return Ok(None) };
            file::archive(tx, act, mediation, seen, term, &back).await?;
            "已归档"
        }
        "openings" => {
            let reason = form.reveal_reason("open_reason");
            if !form.ok() {
                return Ok(None);
            }
            file::open(tx, act, mediation, &reason).await?;
            "已打开，原因记在审计记录里"
        }
        _ => return Err(Error::NotFound),
    };
    Ok(Some(flash.to_owned()))
}

fn answer(answer: &str) -> Option<bool> {
    match answer {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

async fn party(tx: &mut Tx, act: &Act, mediation: &mut Mediation, form: &mut Form) -> Result<Option<String>> {
    let seen = form.version();
    let id: Option<Uuid> = form.optional_choice("party_id", "当事人", |id| id.parse().ok());
    let number = form.choice("party_side", "哪一方", |text| {
        text.parse::<i64>().ok().filter(|number| (1..=SIDES.len() as i64).contains(number))
    });
    let known = store::parties(tx, act, mediation.id).await?;
    let before = known.iter().find(|known| Some(known.id) == id);
    let particulars = particulars(form, "party", before.map(|known| &known.particulars));
    let (Some(number), true) = (number, form.ok()) else { return Ok(None) };
    let written = course::write_party(tx, act, mediation, seen, (id, number), &particulars).await?;
    let flash = match id {
        None => "当事人已登记，请征求这位的同意",
        Some(id) if id == written => "当事人已改好",
        Some(_) => "当事人已换，原来的同意不算了：请把新的码转给本人，重新征求同意",
    };
    Ok(Some(flash.to_owned()))
}

async fn mediator(tx: &mut Tx, act: &Act, mediation: &mut Mediation, form: &mut Form) -> Result<Option<String>> {
    let seen = form.version();
    let account: Option<Uuid> = form.optional_choice("mediator_account", "有账号的调解员", |id| id.parse().ok());
    let name = match account {
        Some(account) => {
            let holders = access::holders(tx, act.tenant, MediationWork).await?;
            let holder = holders.into_iter().find(|holder| holder.account == account);
            Some(holder.ok_or(Error::NotFound)?.name)
        }
        None => form.person_name("mediator_name"),
    };
    let Some(name) = name else { return Ok(None) };
    course::name_mediator(tx, act, mediation, seen, account, &name).await?;
    Ok(Some("已定调解员，请各方同意由他来调解".to_owned()))
}

async fn session(
    tx: &mut Tx,
    act: &Act,
    viewer: &Viewer,
    mediation: &mut Mediation,
    form: &mut Form,
) -> Result<Option<String>> {
    let seen = form.version();
    let day = day(form, "session_day", "哪天谈的");
    let time: Option<Time> = form.choice("session_time", "几点", |text| text.parse().ok());
    let place = words(form, "session_place", "地点", 2, 60);
    let public = form.choice("session_open", "公开不公开", answer);
    let notes = words(form, "session_notes", "谈了什么", 4, 5000);
    let invited = course::invited(tx, act, mediation.id).await?;
    let there = form.values("session_present").filter_map(|at| invited.get(at.parse::<usize>().ok()?).cloned());
    let present: Vec<String> = there.collect();
    let (Some(held_at), Some(public), true) = (moment(day, time), public, form.ok()) else { return Ok(None) };
    let talk = Talk { place, present, notes };
    course::meet(tx, act, mediation, seen, (held_at, public, &viewer.name), &talk).await?;
    Ok(Some("已记录".to_owned()))
}

/// The steps with which nothing but words go.
async fn worded(
    tx: &mut Tx,
    act: &Act,
    mediation: &mut Mediation,
    noun: &str,
    form: &mut Form,
) -> Result<Option<String>> {
    let (seen, field) = (form.version(), format!("{noun}-words"));
    let least = if noun == "completion" { 0 } else { 2 };
    let said = words(form, &field, "说明", least, 1000);
    if !form.ok() {
        return Ok(None);
    }
    let flash = match noun {
        "police-reports" => {
            course::tell_police(tx, act, mediation, seen, &said).await?;
            "已登记报告公安机关，先不谈了"
        }
        "pause" => {
            course::pause(tx, act, mediation, seen, &said).await?;
            "已中止"
        }
        "resumption" => {
            course::resume(tx, act, mediation, seen, &said).await?;
            "接着调解"
        }
        "renegotiation" => {
            agreement::rework(tx, act, mediation, seen, &said).await?;
            "重新协商，原来的签字作废"
        }
        "completion" => {
            agreement::complete(tx, act, mediation, seen, &said).await?;
            "已登记履行完毕"
        }
        "default" => {
            agreement::default(tx, act, mediation, seen, &said).await?;
            "已登记不履行，请督促"
        }
        "urgings" => {
            agreement::urge(tx, act, mediation, seen, &said).await?;
            "督促已记下"
        }
        _ => {
            agreement::call_back(tx, act, mediation, seen, &said).await?;
            "回访已记下"
        }
    };
    Ok(Some(flash.to_owned()))
}

/// The steps that end a case, and what its parties are told then.
async fn end(tx: &mut Tx, act: &Act, mediation: &mut Mediation, noun: &str, form: &mut Form) -> Result<Option<String>> {
    let seen = form.version();
    let advice = form.choice(&format!("{noun}_advice"), "告知了哪条途径", Advice::parse);
    let said = words(form, &format!("{noun}_words"), "说明", if noun == "advice" { 0 } else { 2 }, 1000);
    let ending = match noun {
        "termination" => form.choice("termination_ending", "为什么终止", |code| {
            Ending::parse(code).filter(|ending| TERMINATIONS.contains(ending))
        }),
        _ => None,
    };
    let (Some(advice), true) = (advice, form.ok()) else { return Ok(None) };
    let flash = match (noun, ending) {
        ("failure", _) => {
            course::fail(tx, act, mediation, seen, advice, &said).await?;
            "已登记没有谈成"
        }
        ("termination", Some(ending)) => {
            course::terminate(tx, act, mediation, seen, (ending, advice), &said).await?;
            "调解已终止"
        }
        _ => {
            course::advise(tx, act, mediation, seen, advice, &said).await?;
            "已登记告知"
        }
    };
    Ok(Some(flash.to_owned()))
}
