//! The papers of a meeting: 会议签到表, 会议记录 and 决议通知. Each carries 应到, 实到 and 有表决权.

use std::collections::HashMap;

use uuid::Uuid;

use super::decision;
use super::model::{Mark, Outcome, SignIn, State, Way};
use super::store::{Attendance, Heads, Item, Meeting};
use crate::document::{Block, Paper, Table};
use crate::web::show;

/// What is known of a meeting.
pub struct Record<'a> {
    pub meeting: &'a Meeting,
    pub items: &'a [Item],
    pub heads: &'a Heads,
    /// With their names.
    pub people: &'a [(Attendance, String)],
    /// The posts that those on the roll hold, by their ids there.
    pub posts: &'a HashMap<Uuid, String>,
    pub rules: &'a SignIn,
}

/// So many rows of the sheet are left for whoever is not expected.
const SPARE: usize = 10;
/// So many rows fill a page.
const PAGE: usize = 24;

impl Record<'_> {
    /// The sheet that people sign, or signed.
    pub fn sheet(&self) -> Paper {
        let mut paper = Paper::new("会议签到表");
        paper.facts(&[
            ("会议名称", self.meeting.title.clone()),
            ("时间", show::day_and_time(&self.meeting.planned_at)),
            ("地点", self.meeting.place.clone()),
            ("主持人", self.meeting.host.clone()),
        ]);
        let over = !self.meeting.state.open();
        let mut people: Vec<&(Attendance, String)> = self.people.iter().collect();
        people.sort_by_key(|(attendance, _)| attendance.id);
        let mut rows: Vec<Vec<String>> =
            (1..).zip(people).map(|(number, (attendance, name))| self.signed(number, attendance, name)).collect();
        let blank = if over { rows.len() } else { (rows.len() + SPARE).max(PAGE) };
        for number in rows.len() + 1..=blank {
            rows.push([vec![number.to_string()], vec![String::new(); 6]].concat());
        }
        let columns =
            [("序号", 8), ("姓名", 16), ("单位/楼栋", 18), ("职务", 12), ("联系电话", 18), ("签名", 14), ("备注", 14)];
        let columns = columns.map(|(name, percent)| (name.to_owned(), percent)).to_vec();
        paper.blocks.push(Block::Table(Table { columns, rows }));
        if over {
            paper.text(&self.came());
        } else if self.meeting.kind.by_roll() {
            let Heads { expected, eligible, .. } = self.heads;
            paper.text(&format!("应到 {expected} 人，其中有表决权 {eligible} 人"));
            paper.signatures(&["实到", "缺席"]);
        } else {
            paper.signatures(&["应到", "实到", "缺席"]);
        }
        paper
    }

    fn signed(&self, number: usize, attendance: &Attendance, name: &str) -> Vec<String> {
        let signature = match attendance.way {
            Some(Way::Qr) => "扫码",
            Some(Way::Staff) => "登记",
            Some(Way::Paper) => "纸质",
            None => "",
        };
        let note = match (attendance.member_id, attendance.expected, attendance.votes) {
            (Some(_), false, _) => "不算应到",
            (Some(_), true, false) => "没有表决权",
            _ => "",
        };
        let stands = match attendance.mark() {
            Mark::Private | Mark::Sick | Mark::Official => attendance.presence(self.meeting, self.rules),
            Mark::There | Mark::Left
                if attendance.is_late(self.meeting, self.rules) || attendance.left_at.is_some() =>
            {
                attendance.presence(self.meeting, self.rules)
            }
            _ => String::new(),
        };
        let note =
            [note, stands.as_str()].iter().copied().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("，");
        let side = attendance.side.to_string();
        let post = attendance.member_id.and_then(|id| self.posts.get(&id)).cloned().unwrap_or_default();
        vec![number.to_string(), name.to_owned(), side, post, String::new(), signature.to_owned(), note]
    }

    /// `应到 59 人，实到 45 人，其中有表决权 45 人`
    fn came(&self) -> String {
        let Heads { expected, came, came_voters, enrolled, present, .. } = self.heads;
        match self.meeting.kind.by_roll() {
            true => format!("应到 {expected} 人，实到 {came} 人，其中有表决权 {came_voters} 人"),
            false => format!("报名 {enrolled} 人，实到 {present} 人，其中有表决权 {came_voters} 人"),
        }
    }

    /// What was said and decided, to be signed and kept.
    pub fn minutes(&self) -> Paper {
        let meeting = self.meeting;
        let mut paper = Paper::new(format!("{}记录", meeting.name()));
        let inquorate = if meeting.state == State::Inquorate { "。流会，没有决议" } else { "" };
        paper.facts(&[
            ("会议", meeting.title.clone()),
            ("时间", show::day_and_time(&meeting.planned_at)),
            ("地点", meeting.place.clone()),
            ("主持人", meeting.host.clone()),
            ("记录人", meeting.recorder.clone()),
            ("到会", format!("{}{inquorate}", self.came())),
            (
                "参加人员",
                self.named(
                    |attendance| attendance.arrived_at.is_some() && !is_guest(attendance),
                    |attendance| self.beside(attendance),
                ),
            ),
            (
                "列席",
                self.named(|attendance| attendance.arrived_at.is_some() && is_guest(attendance), |_| String::new()),
            ),
            (
                "请假",
                self.named(
                    |attendance| attendance.expected && attendance.arrived_at.is_none() && attendance.excuse.is_some(),
                    |attendance| attendance.excuse.map(|excuse| excuse.to_string()).unwrap_or_default(),
                ),
            ),
            (
                "缺席",
                self.named(
                    |attendance| attendance.expected && attendance.arrived_at.is_none() && attendance.excuse.is_none(),
                    |_| String::new(),
                ),
            ),
        ]);
        for (number, item) in (1..).zip(self.items) {
            paper.heading(format!("议题{number}：{}", item.title));
            if item.times > 1 {
                paper.text(&format!("第 {} 次上会。", item.times));
            }
            if !item.discussion.is_empty() {
                paper.text("讨论意见：");
                paper.text(&item.discussion);
            }
            paper.text(&item.vote(meeting));
        }
        if !meeting.remarks.is_empty() {
            paper.heading("其他");
            paper.text(&meeting.remarks);
        }
        paper.signatures(&["主持人签名", "记录人签名"]);
        paper
    }

    /// What a meeting resolved about an item, for whoever has to know.
    pub fn resolution(&self, item: &Item) -> Paper {
        let meeting = self.meeting;
        let mut paper = Paper::new("决议通知");
        if item.outcome != Outcome::Resolved || meeting.ended_at.is_none() {
            paper.text("这个议题没有形成决议，或者还没有散会。");
            return paper;
        }
        paper.heading(format!("关于“{}”的决议", item.title));
        let (day, place) = (show::day_and_time(&meeting.planned_at), &meeting.place);
        paper.text(&format!("{day}，{}在{place}召开{}。{}。", meeting.caller(), meeting.name(), self.came()));
        paper.text(&item.vote(meeting));
        if let Some(owner) = &item.organisation_name {
            let due = item.due_at.map(|due| show::day(&due)).unwrap_or_default();
            paper.facts(&[
                ("承办单位", owner.clone()),
                ("办理期限", due),
                ("诉求编号", item.issue_number.clone().unwrap_or_default()),
            ]);
        }
        paper.signatures(&[meeting.caller(), "日期"]);
        paper
    }

    /// Names, each with what is said beside it.
    fn named(&self, wanted: impl Fn(&Attendance) -> bool, beside: impl Fn(&Attendance) -> String) -> String {
        let names = self.people.iter().filter(|(attendance, _)| wanted(attendance)).map(|(attendance, name)| {
            match beside(attendance) {
                beside if beside.is_empty() => name.clone(),
                beside => format!("{name}（{beside}）"),
            }
        });
        names.collect::<Vec<_>>().join("、")
    }

    fn beside(&self, attendance: &Attendance) -> String {
        let late = attendance.is_late(self.meeting, self.rules) || attendance.left_at.is_some();
        let side = if attendance.member_id.is_some() { String::new() } else { attendance.side.to_string() };
        let stands = if late { attendance.presence(self.meeting, self.rules) } else { String::new() };
        [side, stands].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("，")
    }
}

/// Heard, and not counted.
fn is_guest(attendance: &Attendance) -> bool {
    !attendance.side.votes() || (attendance.member_id.is_some() && !attendance.expected)
}

impl Item {
    /// How it was voted on, and what came of it: for the minutes, which leave nothing out.
    fn vote(&self, meeting: &Meeting) -> String {
        let mut words = String::new();
        if let Some(db::Json(ballot)) = &self.ballot {
            if decision::possible(meeting.kind, self.procedure_step).len() > 1 {
                words = format!("表决事项：{}。", ballot.motion);
            }
            if !self.resolution.is_empty() && self.outcome == Outcome::Rejected {
                words = format!("{words}提请表决的内容：{}。", self.resolution.trim_end_matches('。'));
            }
            words.push_str(if ballot.motion.secret() { "无记名投票" } else { "举手表决" });
            if !ballot.tellers.is_empty() {
                words = format!("{words}，计票人{}", ballot.tellers.join("、"));
            }
            words.push('。');
            if ballot.left_out > 0 {
                words = format!("{words}不计入应到会人数 {} 人（{}）。", ballot.left_out, ballot.left_out_why);
            }
        }
        if let (Some(eligible), Some(present)) = (self.eligible, self.present) {
            words = format!("{words}应到会有表决权 {eligible} 人，实到 {present} 人。");
        } else if let Some(present) = self.present {
            words = format!("{words}到会有表决权 {present} 人。");
        }
        let why =
            self.without_owners.as_ref().map(|why| format!("。没有业主表决先办的理由：{why}")).unwrap_or_default();
        if let (Some(speaker), Some(half_hours)) = (&self.speaker, self.half_hours) {
            let who = if self.by_secretary { "（书记）" } else { "" };
            words = format!("{words}主讲：{speaker}{who}，{}。", hours(half_hours));
        }
        format!("{words}结果：{}{why}", self.result())
    }
}

/// `1.5 小时`
fn hours(half_hours: i64) -> String {
    match half_hours % 2 {
        0 => format!("{} 小时", half_hours / 2),
        _ => format!("{}.5 小时", half_hours / 2),
    }
}
