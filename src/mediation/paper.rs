//! The papers of a case, each as offices are used to it, and all of them as one file in the order of its parts.

use super::file;
use super::model::{DUTIES, Form, Part, RIGHTS, side};
use super::step::{day_of, in_words};
use super::store::{Case, Party};
use super::transition::Step;
use crate::document::{Block, Paper, Table};
use crate::web::show::{self, kept_day};

/// What can be printed of a case: one of the parts that the program writes, or the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    Part(Part),
    File,
}

impl Sheet {
    pub const ALL: [Sheet; 6] = [
        Sheet::Part(Part::Registration),
        Sheet::Part(Part::Notice),
        Sheet::Part(Part::Record),
        Sheet::Part(Part::Agreement),
        Sheet::Part(Part::CallBack),
        Sheet::File,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Sheet::Part(part) => part.code(),
            Sheet::File => "file",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Sheet::Part(part) => part.label(),
            Sheet::File => "整本卷宗",
        }
    }

    pub fn parse(code: &str) -> Option<Sheet> {
        Sheet::ALL.into_iter().find(|sheet| sheet.code() == code)
    }
}

fn table(columns: &[(&str, u32)], rows: Vec<Vec<String>>) -> Block {
    let columns = columns.iter().map(|(name, percent)| ((*name).to_owned(), *percent)).collect();
    Block::Table(Table { columns, rows })
}

/// A day as papers say it; empty where there is none.
fn day(kept: Option<&String>) -> String {
    kept.map(|day| kept_day(day)).unwrap_or_default()
}

fn numbered(paper: &mut Paper, words: &[&str]) {
    for (number, words) in (1..).zip(words) {
        paper.text(&format!("{number}. {words}；"));
    }
}

impl Case {
    pub fn sheet(&self, sheet: Sheet) -> Paper {
        match sheet {
            Sheet::Part(Part::Notice) => self.notice(),
            Sheet::Part(Part::Record) => self.record(),
            Sheet::Part(Part::Agreement) => self.agreement(),
            Sheet::Part(Part::CallBack) => self.call_backs(),
            Sheet::Part(_) => self.registration(),
            Sheet::File => self.file(),
        }
    }

    fn mediators_names(&self) -> String {
        self.mediators.iter().map(|mediator| mediator.name.clone()).collect::<Vec<_>>().join("、")
    }

    fn people(&self, paper: &mut Paper) {
        let row = |party: &Party| {
            let known = &party.particulars;
            let of = [&known.name, &known.identity, &known.phone, &known.address, &known.representative];
            std::iter::once(side(party.side).to_owned()).chain(of.into_iter().cloned()).collect()
        };
        let columns = [("当事人", 10), ("姓名", 13), ("身份证号", 24), ("电话", 17), ("住址", 20), ("代理人", 16)];
        paper.blocks.push(table(&columns, self.parties.iter().map(row).collect()));
    }

    fn registration(&self) -> Paper {
        let mediation = &self.mediation;
        let mut paper = Paper::new("调解受理登记表");
        paper.facts(&[
            ("编号", mediation.number.clone()),
            ("类型", mediation.kind.to_string()),
            ("纠纷类别", mediation.cause.to_string()),
            ("来源", mediation.origin.to_string()),
            ("小区", mediation.estate_name.clone().unwrap_or_default()),
            ("登记时间", show::day_and_time(&mediation.registered_at)),
            ("受理日期", day(mediation.accepted_on.as_ref())),
            ("调解员", self.mediators_names()),
        ]);
        self.people(&mut paper);
        paper.heading("主要事实");
        paper.text(&self.words.facts);
        paper.heading("争议事项");
        paper.text(&self.words.dispute);
        paper.signatures(&["申请人签名", "登记人", "日期"]);
        paper
    }

    fn notice(&self) -> Paper {
        let mut paper = Paper::new("调解权利义务告知书");
        paper.facts(&[("编号", self.mediation.number.clone()), ("调解员", self.mediators_names())]);
        paper.heading("当事人在调解活动中享有的权利");
        numbered(&mut paper, RIGHTS);
        paper.heading("当事人在调解活动中履行的义务");
        numbered(&mut paper, DUTIES);
        paper.text("调解不收取任何费用。没有谈成的，可以依法通过仲裁、行政、司法等途径维护自己的权利。");
        paper.text(match self.mediation.kind.binds() {
            true => {
                "经人民调解委员会调解达成的协议有法律约束力，应当按照约定履行；自协议生效之日起三十日内，双方可以共同向人民法院申请司法确认。"
            }
            false => "这次调解不是人民调解，谈成的事靠各方自觉履行。",
        });
        let way = |party: &Party| {
            let said = match party.agrees {
                Some(true) => "同意调解",
                Some(false) => "不同意调解",
                None => "",
            };
            let way = party.agreed_way.map(|way| way.to_string()).unwrap_or_default();
            let day = party.agreed_at.map(|at| in_words(day_of(at))).unwrap_or_default();
            vec![side(party.side).to_owned(), party.particulars.name.clone(), said.to_owned(), way, day, String::new()]
        };
        let columns = [("当事人", 12), ("姓名", 16), ("意见", 20), ("怎么说的", 16), ("日期", 18), ("签名", 18)];
        paper.blocks.push(table(&columns, self.parties.iter().map(way).collect()));
        paper
    }

    fn record(&self) -> Paper {
        let mut paper = Paper::new("调解记录");
        paper.facts(&[("编号", self.mediation.number.clone())]);
        if self.sessions.is_empty() {
            paper.text("还没有调解过。");
        }
        for (number, session) in (1..).zip(&self.sessions) {
            paper.heading(format!("第 {number} 次调解"));
            paper.facts(&[
                ("时间", show::day_and_time(&session.held_at)),
                ("地点", session.talk.place.clone()),
                ("方式", if session.open { "公开" } else { "不公开" }.to_owned()),
                ("参加人", session.talk.present.join("、")),
                ("记录人", session.recorder.clone()),
            ]);
            paper.text(&session.talk.notes);
            for correction in &session.corrections {
                let (at, by) = (in_words(day_of(correction.made_at)), &correction.made_by);
                paper.text(&format!(
                    "更正（{at}，{by}）：{}。理由：{}",
                    correction.correct.words.trim_end_matches('。'),
                    correction.correct.reason
                ));
            }
        }
        paper.signatures(&["当事人签名", "调解员签名", "记录人签名"]);
        paper
    }

    fn agreement(&self) -> Paper {
        let mediation = &self.mediation;
        let oral = mediation.form == Some(Form::Oral);
        let title = match (oral, mediation.kind.binds()) {
            (true, true) => "人民调解口头协议登记表",
            (true, false) => "调解口头协议登记表",
            (false, true) => "人民调解协议书",
            (false, false) => "调解协议",
        };
        let draft = if mediation.agreed_on.is_none() { "（草稿）" } else { "" };
        let mut paper = Paper::new(format!("{title}{draft}"));
        paper.facts(&[("编号", mediation.number.clone()), ("纠纷类别", mediation.cause.to_string())]);
        paper.heading("当事人的基本情况");
        self.people(&mut paper);
        for (name, words) in [
            ("纠纷的主要事实", &self.words.facts),
            ("争议事项", &self.words.dispute),
            ("各方当事人的责任", &self.terms.responsibility),
            ("协议内容", &self.terms.terms),
            ("履行方式", &self.terms.manner),
        ] {
            if !words.is_empty() {
                paper.heading(name);
                paper.text(words);
            }
        }
        if !self.duties.is_empty() {
            paper.heading("履行期限");
            let rows = self.duties.iter().map(|duty| vec![duty.task.what.clone(), kept_day(&duty.due_on)]).collect();
            paper.blocks.push(table(&[("事项", 70), ("最晚哪天", 30)], rows));
        }
        self.effect(&mut paper, oral);
        paper
    }

    /// How an agreement comes to hold, and who has signed it.
    fn effect(&self, paper: &mut Paper, oral: bool) {
        let mediation = &self.mediation;
        if !mediation.kind.binds() {
            paper.text("这不是人民调解协议，没有人民调解协议的法律约束力，由各方自觉履行。");
        }
        if oral {
            let day = day(mediation.agreed_on.as_ref());
            paper.text(&format!("各方于 {day} 口头达成协议，自达成之时起生效，由调解员记录。"));
            paper.signatures(&["调解员签名", "日期"]);
            return;
        }
        let (copies, holders) =
            (self.parties.len() + 1, if mediation.kind.binds() { "人民调解委员会" } else { "调解组织" });
        paper.text(&format!("本协议一式 {copies} 份，各方当事人、{holders}各执一份。"));
        paper.text(match mediation.kind.binds() {
            true => "自各方当事人签名、盖章或者按指印，人民调解员签名并加盖人民调解委员会印章之日起生效。",
            false => "自各方当事人签名、盖章或者按指印，调解员签名之日起生效。",
        });
        let row = |(who, name, id): (&str, &str, Option<uuid::Uuid>)| {
            let signed = self.signatures.iter().find(|signature| signature.signer_id == id);
            let (way, day) =
                signed.map(|signature| (signature.way.to_string(), kept_day(&signature.signed_on))).unwrap_or_default();
            vec![who.to_owned(), name.to_owned(), way, day]
        };
        let parties =
            self.parties.iter().map(|party| (side(party.side), party.particulars.name.as_str(), Some(party.id)));
        let mediators = self.mediators.iter().map(|mediator| ("调解员", mediator.name.as_str(), Some(mediator.id)));
        let seal = mediation.kind.binds().then_some(("人民调解委员会", "（印章）", None));
        let rows = parties.chain(mediators).chain(seal).map(row).collect();
        paper.blocks.push(table(&[("谁", 28), ("姓名", 26), ("签名盖章", 22), ("日期", 24)], rows));
        if let Some(day) = &mediation.effective_on {
            paper.text(&format!("本协议自 {} 起生效。", kept_day(day)));
        }
    }

    fn call_backs(&self) -> Paper {
        let mut paper = Paper::new("调解回访记录");
        paper
            .facts(&[("编号", self.mediation.number.clone()), ("协议生效", day(self.mediation.effective_on.as_ref()))]);
        let calls: Vec<_> = self.events.iter().filter(|event| event.step == Step::CalledBack).collect();
        if calls.is_empty() {
            paper.text("还没有回访。");
        }
        for (number, event) in (1..).zip(calls) {
            paper.heading(format!("第 {number} 次回访"));
            paper.facts(&[("时间", show::day_and_time(&event.at)), ("回访人", event.who.clone())]);
            paper.text(&event.words);
        }
        self.performance(&mut paper);
        paper.signatures(&["当事人签名", "回访人签名"]);
        paper
    }

    fn performance(&self, paper: &mut Paper) {
        if self.duties.is_empty() {
            return;
        }
        paper.heading("履行情况");
        let rows = self.duties.iter().map(|duty| {
            let done = duty.performed_on.as_ref().map_or_else(|| "没有履行".to_owned(), |day| kept_day(day));
            vec![duty.task.what.clone(), kept_day(&duty.due_on), done, duty.task.proof.clone()]
        });
        paper.blocks.push(table(&[("事项", 36), ("最晚", 18), ("履行", 18), ("凭证", 28)], rows.collect()));
    }

    /// Everything, in the order of the parts.
    fn file(&self) -> Paper {
        let mediation = &self.mediation;
        let mut paper = Paper::new("调解卷宗");
        let ended = mediation.ending.map(|ending| ending.to_string());
        let form = mediation.form.map(|form| format!("达成{form}"));
        paper.facts(&[
            ("卷号", mediation.number.clone()),
            ("类型", mediation.kind.to_string()),
            ("纠纷类别", mediation.cause.to_string()),
            ("当事人", self.parties.iter().map(|party| party.particulars.name.clone()).collect::<Vec<_>>().join("、")),
            ("调解员", self.mediators_names()),
            ("登记日期", in_words(day_of(mediation.registered_at))),
            ("结果", ended.or(form).unwrap_or_else(|| mediation.state.to_string())),
            ("归档日期", day(mediation.archived_on.as_ref())),
            ("保管期限", mediation.term.map(|term| term.to_string()).unwrap_or_default()),
        ]);
        paper.heading("卷内目录");
        let contents = file::contents(self);
        let row = |(number, content): (usize, &file::Content)| {
            let there = match content.there.is_empty() {
                true if content.required => "缺".to_owned(),
                true => "无".to_owned(),
                false => content.there.join("；"),
            };
            let required = if content.required { "必备" } else { "" };
            vec![number.to_string(), content.part.to_string(), required.to_owned(), there]
        };
        let rows = (1..).zip(&contents).map(row).collect();
        paper.blocks.push(table(&[("序号", 10), ("名称", 28), ("必备", 14), ("卷内", 48)], rows));
        for content in contents.iter().filter(|content| !content.there.is_empty()) {
            let written = match content.part {
                Part::Registration | Part::Notice | Part::Record | Part::Agreement | Part::CallBack => {
                    Some(self.sheet(Sheet::Part(content.part)))
                }
                _ => None,
            };
            match written {
                Some(written) => {
                    paper.heading(written.title);
                    paper.blocks.extend(written.blocks);
                }
                None if content.part == Part::Back => self.back(&mut paper),
                None => {
                    paper.heading(content.part.label());
                    paper.text(&format!("{}，原件附后。", content.there.join("；")));
                }
            }
        }
        paper
    }

    fn back(&self, paper: &mut Paper) {
        paper.heading("封底");
        let pages: i64 = self.filed.iter().map(|filed| filed.pages).sum();
        let closed = self.events.iter().find(|event| event.step == Step::Archived);
        paper.facts(&[
            ("卷内纸质材料", format!("{pages} 页")),
            (
                "归档",
                closed.map(|event| format!("{}，{}", show::day_and_time(&event.at), event.who)).unwrap_or_default(),
            ),
            ("说明", closed.map(|event| event.words.clone()).unwrap_or_default()),
            ("保管到", day(self.mediation.keep_until.as_ref())),
        ]);
        paper.signatures(&["立卷人", "检查人", "日期"]);
    }
}
