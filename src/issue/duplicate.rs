//! Which earlier reports may be about the same thing: judged by the words, the place and the time, and explained by them.
//! No dictionary of the language is needed. Pairs of characters that are rare among the candidates weigh more than common
//! ones, and a short list of matters that residents name in many ways (`下水堵了`, `厕所返水`) is counted as one word each.

use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use jiff::Timestamp;
use uuid::Uuid;

use super::model::Category;
use super::store::{self, Issue};
use crate::access::Scope;
use crate::error::Result;

/// A report as it is compared.
#[derive(Debug, Clone)]
pub struct Report {
    pub text: String,
    pub category: Category,
    pub estate: Option<Uuid>,
    /// The building's key, `13` or `A`; none where no building was named.
    pub building: Option<String>,
    /// The unit's key.
    pub unit: Option<String>,
    pub at: Timestamp,
}

/// An earlier report that may be about the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its index in what was compared.
    pub index: usize,
    /// Between 0 and 1.
    pub score: f64,
    /// What speaks for it, for people: `同一栋楼`, `都说到下水`, `隔 2 天`.
    pub why: Vec<String>,
}

/// An open issue that may be about the same thing, and what speaks for it.
#[derive(Debug, Clone)]
pub struct Likely {
    pub issue: Issue,
    pub why: Vec<String>,
}

/// So many are offered.
const OFFERED: usize = 3;

/// The open issues within a scope with which an issue may have to be joined, the likeliest first.
pub async fn likely(tx: &mut Tx, tenant: Uuid, issue: &Issue, scope: Scope) -> Result<Vec<Likely>> {
    let earlier = store::earlier(tx, tenant, issue, scope).await?;
    let reports: Vec<Report> = earlier.iter().map(Report::of).collect();
    let found = candidates(&Report::of(issue), &reports, OFFERED);
    Ok(found.into_iter().map(|Candidate { index, why, .. }| Likely { issue: earlier[index].clone(), why }).collect())
}

impl Report {
    fn of(issue: &Issue) -> Report {
        let summary = issue.summary.as_deref().unwrap_or_default();
        Report {
            text: [&issue.description, summary, &issue.place_text].join(" "),
            category: issue.category,
            estate: issue.estate_id,
            building: issue.building_name.as_deref().map(codes::address::building_key),
            unit: issue.unit_key.clone().filter(|key| !key.is_empty()),
            at: issue.reported_at,
        }
    }
}

/// Below this nothing is offered: it would be noise more often than not.
const LEAST: f64 = 0.30;

/// How much each kind of likeness counts. Found by trying on the odd pairs of `tests/data/duplicates.toml`.
const WORDS: f64 = 0.45;
const MATTER: f64 = 0.25;
const PLACE: f64 = 0.22;
const KIND: f64 = 0.08;
/// After so many days a likeness counts half.
const HALF_LIFE_DAYS: f64 = 45.0;

/// The earlier reports that are most likely about the same thing, the likeliest first; at most `most`.
pub fn candidates(report: &Report, earlier: &[Report], most: usize) -> Vec<Candidate> {
    let texts: Vec<BTreeSet<String>> = earlier.iter().map(|earlier| grams(&earlier.text)).collect();
    let own = grams(&report.text);
    let mut frequency: BTreeMap<&str, f64> = BTreeMap::new();
    for gram in texts.iter().flatten().chain(&own) {
        *frequency.entry(gram).or_default() += 1.0;
    }
    let all = texts.len() as f64 + 1.0;
    let weight = |gram: &str| (1.0 + all / frequency.get(gram).copied().unwrap_or(1.0)).ln().powi(2);
    let size = |text: &BTreeSet<String>| text.iter().map(|gram| weight(gram)).sum::<f64>().sqrt();
    let (length, own_matters) = (size(&own), matters(&report.text));

    let mut found: Vec<Candidate> = earlier
        .iter()
        .zip(&texts)
        .enumerate()
        .map(|(index, (earlier, text))| {
            let shared: f64 = own.intersection(text).map(|gram| weight(gram)).sum();
            let words = shared / (length * size(text)).max(f64::EPSILON);
            let theirs = matters(&earlier.text);
            let common: Vec<&str> = own_matters.intersection(&theirs).copied().collect();
            let matter = 2.0 * common.len() as f64 / ((own_matters.len() + theirs.len()) as f64).max(1.0);
            let (place, where_) = place(report, earlier);
            let days = (report.at.duration_since(earlier.at).as_secs_f64() / 86_400.0).abs();
            let kind = if report.category == earlier.category { 1.0 } else { 0.0 };
            let likeness = WORDS * words.sqrt() + MATTER * matter + PLACE * place + KIND * kind;
            let score = likeness * 0.5_f64.powf(days / HALF_LIFE_DAYS);
            let mut why: Vec<String> = where_.into_iter().map(str::to_owned).collect();
            match common.first() {
                Some(matter) => why.push(format!("都说到{matter}")),
                None => why.extend(longest_shared(&report.text, &earlier.text).map(|words| format!("都说到“{words}”"))),
            }
            if kind > 0.0 {
                why.push("同一类".to_owned());
            }
            why.push(if days < 1.0 { "同一天".to_owned() } else { format!("隔 {days:.0} 天") });
            Candidate { index, score, why }
        })
        .filter(|candidate| candidate.score >= LEAST)
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(most);
    found
}

/// How near two places are, between 0 and 1, and how that is said.
fn place(a: &Report, b: &Report) -> (f64, Option<&'static str>) {
    if a.estate != b.estate && a.estate.is_some() && b.estate.is_some() {
        return (0.0, None);
    }
    match (&a.building, &b.building) {
        (Some(x), Some(y)) if x == y => match (&a.unit, &b.unit) {
            (Some(x), Some(y)) if x == y => (1.0, Some("同一单元")),
            (Some(_), Some(_)) => (0.6, Some("同一栋楼")),
            _ => (0.85, Some("同一栋楼")),
        },
        (Some(x), Some(y)) => match (x.parse::<i64>(), y.parse::<i64>()) {
            (Ok(x), Ok(y)) if (x - y).abs() == 1 => (0.35, Some("相邻的楼")),
            _ => (0.0, None),
        },
        _ if a.estate.is_some() && a.estate == b.estate => (0.4, Some("同一小区")),
        _ => (0.2, None),
    }
}

/// The pairs of neighbouring characters of a text, without punctuation.
fn grams(text: &str) -> BTreeSet<String> {
    let text = codes::text::half_width(text).to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric());
    words.flat_map(|word| word.chars().zip(word.chars().skip(1))).map(|(a, b)| String::from_iter([a, b])).collect()
}

/// The matters that a text speaks of.
fn matters(text: &str) -> BTreeSet<&'static str> {
    let named = |words: &&[&str]| words.iter().any(|word| text.contains(word));
    MATTERS.iter().filter(|(_, words)| named(words)).map(|(matter, _)| *matter).collect()
}

/// The longest run of characters that both texts have; none below three.
fn longest_shared(a: &str, b: &str) -> Option<String> {
    let a: Vec<char> = a.chars().collect();
    let ends = (0..a.len()).flat_map(|start| (start + 3..=a.len().min(start + 8)).map(move |end| (start, end)));
    let runs = ends.map(|(start, end)| &a[start..end]).filter(|run| run.iter().all(|c| c.is_alphanumeric()));
    let shared = runs.map(String::from_iter).filter(|run: &String| b.contains(run.as_str()));
    shared.max_by_key(|run| run.chars().count())
}

/// What residents of a compound report most, and the ways in which they say it.
const MATTERS: &[(&str, &[&str])] = &[
    ("电梯", &["电梯", "轿厢", "困在里", "关里头", "困人", "上不去楼", "爬楼", "梯门", "门不开", "按键", "楼层按"]),
    ("下水", &["下水", "堵了", "堵塞", "返水", "反水", "往上冒", "往外冒", "溢", "马桶", "地漏", "管道堵", "化粪池", "污水", "返味"]),
    ("漏水", &["漏水", "渗水", "滴水", "洇", "漏了", "泡了", "往下滴", "渗下来", "淹"]),
    ("停水", &["停水", "没水", "水压", "水小", "水细"]),
    ("停电", &["停电", "没电", "跳闸"]),
    ("停车", &["停车", "车位", "乱停", "占道", "堵车", "挡住", "挡道", "挪车", "僵尸车", "地锁"]),
    ("电动车", &["电动车", "电瓶车", "充电", "飞线", "推上楼", "电车"]),
    ("垃圾", &["垃圾", "没人收", "没人清", "臭", "苍蝇", "脏", "卫生", "打扫", "保洁", "清运", "拉走"]),
    ("杂物", &["杂物", "堆", "纸箱", "占用楼道", "过不去", "旧家具"]),
    ("照明", &["路灯", "灯不亮", "灯坏", "没灯", "黑灯", "黑咕隆咚", "黑漆漆", "看不见路", "摸黑", "声控", "照明", "太黑", "灯泡"]),
    ("供暖", &["暖气", "供暖", "不热", "冰凉", "暖和", "温度", "冷得", "太冷", "地暖", "供热", "凉的", "没暖"]),
    ("噪声", &["噪音", "噪声", "吵", "音响", "广场舞", "睡不着", "装修", "电钻", "敲", "跺脚", "半夜", "音乐", "嗡嗡"]),
    ("门禁", &["门禁", "刷卡", "刷脸", "单元门", "门锁", "对讲", "关不上", "闭门器", "陌生人", "大门"]),
    ("墙面屋顶", &["墙皮", "外墙", "掉砖", "屋顶", "楼顶", "瓷砖", "脱落", "裂缝", "裂"]),
    ("路面", &["路面", "坑", "井盖", "地砖", "台阶", "绊", "积水", "塌"]),
    ("绿化", &["草坪", "树", "绿化", "花坛", "枯", "修剪", "虫", "种菜", "浇水"]),
    ("宠物", &["狗", "遛", "粪", "猫", "宠物", "拴"]),
    ("物业费", &["物业费", "收费", "账单", "涨价", "公摊", "发票", "停车费", "电费", "公示账", "明细"]),
    ("消防", &["消防", "灭火器", "消火栓", "通道堵", "应急灯", "着火", "火灾", "隐患"]),
    ("老人", &["老人", "助餐", "食堂", "轮椅", "坡道", "扶手", "独居", "养老"]),
    ("孩子", &["孩子", "小孩", "儿童", "滑梯", "游乐", "放学", "托管", "学生"]),
    ("交通", &["红绿灯", "斑马线", "减速带", "开得快", "车速", "路口", "公交", "掉头"]),
    ("看病", &["卫生室", "体检", "医生", "药", "量血压", "看病", "救护"]),
    ("油烟", &["油烟", "烧烤", "饭店", "呛"]),
    ("快递", &["快递", "外卖", "柜子"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str, building: &str, day: i64) -> Report {
        Report {
            text: text.to_owned(),
            category: Category::Other,
            estate: Some(Uuid::nil()),
            building: Some(building.to_owned()).filter(|key| !key.is_empty()),
            unit: None,
            at: Timestamp::from_second(day * 86_400).unwrap(),
        }
    }

    #[test]
    fn the_same_matter_in_other_words_stands_first_and_says_why() {
        let earlier = [
            report("3号楼电梯又停了", "3", 10),
            report("厕所往上返水，满地都是", "3", 12),
            report("楼前路灯不亮", "3", 13),
        ];
        let found = candidates(&report("下水道堵了，脏水往外冒", "3", 14), &earlier, 3);
        assert_eq!(found[0].index, 1);
        assert_eq!(found[0].why, ["同一栋楼", "都说到下水", "同一类", "隔 2 天"]);
    }

    #[test]
    fn what_is_far_away_or_long_ago_is_not_offered() {
        let earlier = [report("路灯不亮", "9", 0), report("路灯不亮", "3", 0)];
        let now = report("树枝挡住窗户", "3", 300);
        assert!(candidates(&now, &earlier, 3).is_empty());
    }
}
