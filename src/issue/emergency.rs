//! What cannot wait for anybody in an office: whoever reads it should call at once.

use super::model::{Remedy, Tier};
use super::store::Issue;

/// Words by which people tell of danger.
const DANGER: [&str; 22] = [
    "着火",
    "起火",
    "失火",
    "冒烟",
    "爆炸",
    "煤气",
    "燃气泄漏",
    "漏气",
    "触电",
    "漏电",
    "被困",
    "困在",
    "昏迷",
    "晕倒",
    "不省人事",
    "跳楼",
    "坠楼",
    "溺水",
    "打架",
    "持刀",
    "入室",
    "塌",
];

/// Whether a report tells of danger to somebody.
pub fn told_in(text: &str) -> bool {
    DANGER.iter().any(|word| text.contains(word))
}

impl Issue {
    /// Whether the numbers to call belong at the head of its page: it has been found urgent, or nobody has looked yet and it
    /// sounds so.
    pub fn is_emergency(&self) -> bool {
        let found = self.remedy == Some(Remedy::Emergency) || self.tier == Some(Tier::Sudden);
        self.state.open() && (found || self.tier.is_none() && told_in(&self.description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn danger_is_heard() {
        for text in ["三楼着火了", "电梯里困在五楼，有人被困", "闻到煤气味"] {
            assert!(told_in(text), "{text}");
        }
        for text in ["路灯不亮", "下水道堵了，脏水往外冒", "希望多些充电桩"] {
            assert!(!told_in(text), "{text}");
        }
    }
}
