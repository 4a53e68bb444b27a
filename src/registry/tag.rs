//! What a register says about people besides their particulars: tags, and how living here and being registered here differ.

use codes::text::half_width;
use db::text_enum;

text_enum! {
    /// A mark on a resident that somebody set on some evidence. All but the first and 外来人员 are sensitive.
    pub enum Tag {
        PartyMemberHousehold = "party_member_household" "党员户",
        Needy = "needy" "困难户",
        SubsistenceAllowance = "subsistence_allowance" "低保",
        NearSubsistence = "near_subsistence" "低保边缘",
        ExtremePoverty = "extreme_poverty" "特困供养",
        TemporaryHardship = "temporary_hardship" "临时困难",
        PovertyMonitored = "poverty_monitored" "脱贫监测户",
        LivingAlone = "living_alone" "独居",
        ElderLivingAlone = "elder_living_alone" "独居老人",
        EmptyNestElder = "empty_nest_elder" "空巢老人",
        OldestOld = "oldest_old" "高龄老人",
        Disabled = "disabled" "残疾人",
        SeriousIllness = "serious_illness" "重病",
        ChronicIllness = "chronic_illness" "慢病",
        Migrant = "migrant" "外来人员",
        RelocatedVillager = "relocated_villager" "移民村民",
        LeftBehindChild = "left_behind_child" "留守儿童",
        ChildInDifficulty = "child_in_difficulty" "困境儿童",
        Child = "child" "儿童",
        Veteran = "veteran" "退役军人",
        Pregnant = "pregnant" "孕产妇",
    }
    /// 人户状态: whether somebody lives where they are registered.
    pub enum ResidenceState {
        Consistent = "consistent" "人户一致",
        LivesHereOnly = "lives_here_only" "人在户不在",
        RegisteredHereOnly = "registered_here_only" "户在人不在",
    }
}

impl Tag {
    /// It follows from facts and is computed, never set by anybody.
    pub const fn is_derived(self) -> bool {
        matches!(self, Tag::ElderLivingAlone | Tag::EmptyNestElder | Tag::OldestOld | Tag::Child)
    }

    /// What there is to note down where somebody says this of a person: of what is computed only that they live alone.
    pub const fn as_said(self) -> Option<Tag> {
        match self {
            Tag::ElderLivingAlone => Some(Tag::LivingAlone),
            derived if derived.is_derived() => None,
            said => Some(said),
        }
    }
}

/// From this age on somebody who lives alone is 独居老人 (老年人权益保障法, art. 2).
pub const ELDER_FROM: i16 = 60;

/// What one word of the column 人员类别 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    Tagged(Tag),
    /// An ordinary resident: nothing to tag.
    Ordinary,
    /// 精神障碍, 社区矫正, 安置帮教: not registered here unless a community has decided to, and named who may see it.
    Restricted,
    Unknown,
}

impl Category {
    /// Reads a word as registers write it, with or without 户, 人员 or 家庭 at its end.
    pub fn read(word: &str) -> Category {
        let word: String = half_width(word).split_whitespace().collect();
        if ["精神障碍", "精神病", "矫正", "刑满", "刑释", "安置帮教", "吸毒", "戒毒"]
            .iter()
            .any(|part| word.contains(part))
        {
            return Category::Restricted;
        }
        let bare =
            ["家庭", "人员", "群体", "对象", "户"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(&word);
        let labelled = |tag: &&Tag| tag.label() == word || tag.label() == bare;
        if let Some(tag) = Tag::ALL.iter().find(labelled) {
            return Category::Tagged(*tag);
        }
        Category::Tagged(match bare {
            "党员" | "党员家庭" | "中共党员" => Tag::PartyMemberHousehold,
            "困难" | "困难群众" | "贫困" | "生活困难" => Tag::Needy,
            "最低生活保障" | "城市低保" | "农村低保" => Tag::SubsistenceAllowance,
            "低保边缘户" | "边缘" | "低收入" => Tag::NearSubsistence,
            "特困" | "五保" | "特困供养人" => Tag::ExtremePoverty,
            "临时救助" => Tag::TemporaryHardship,
            "脱贫监测" | "脱贫不稳定" | "边缘易致贫" => Tag::PovertyMonitored,
            "独居老年人" | "孤寡老人" => Tag::ElderLivingAlone,
            "空巢" | "空巢老年人" => Tag::EmptyNestElder,
            "高龄" | "高龄老年人" | "80岁以上老人" | "80岁以上" => Tag::OldestOld,
            "残疾" => Tag::Disabled,
            "大病" | "重大疾病" | "重病患者" => Tag::SeriousIllness,
            "慢性病" | "慢病患者" | "慢性病患者" => Tag::ChronicIllness,
            "外来" | "流动" | "流动人口" | "外来人口" | "外来务工" | "租户" => Tag::Migrant,
            "移民" | "移民搬迁" | "易地搬迁" | "易地扶贫搬迁" | "搬迁" => Tag::RelocatedVillager,
            "留守" | "农村留守儿童" => Tag::LeftBehindChild,
            "困境" => Tag::ChildInDifficulty,
            "退役士兵" | "退伍军人" | "复员军人" | "转业军人" | "退役" => Tag::Veteran,
            "孕妇" | "产妇" | "孕产" => Tag::Pregnant,
            "" | "无" | "一般" | "普通" | "居民" | "普通居民" | "一般居民" | "普通群众" | "群众" | "常住"
            | "常住人口" | "户籍" | "户籍人口" | "本地" | "本地户籍" | "本地居民" | "其他" | "其它" | "/" | "-" =>
            {
                return Category::Ordinary;
            }
            _ => return Category::Unknown,
        })
    }

    /// The words that are understood, for the sentence that refuses another.
    pub fn choices() -> String {
        Tag::ALL.iter().map(|tag| tag.label()).collect::<Vec<_>>().join("、")
    }
}

impl ResidenceState {
    /// Reads the usual words; `None` for another.
    pub fn read(word: &str) -> Option<ResidenceState> {
        let word: String = half_width(word).split_whitespace().collect();
        let labelled = ResidenceState::ALL.iter().copied().find(|state| state.label() == word);
        labelled.or(match word.as_str() {
            "人户同在" | "人户合一" | "一致" | "人在户在" | "户在人在" | "常住" => {
                Some(ResidenceState::Consistent)
            }
            "有人无户" | "人户分离" | "户不在人在" | "人来户未来" => {
                Some(ResidenceState::LivesHereOnly)
            }
            "有户无人" | "人不在户在" | "空挂" | "空挂户" => Some(ResidenceState::RegisteredHereOnly),
            _ => None,
        })
    }

    pub fn choices() -> String {
        ResidenceState::ALL.iter().map(|state| state.label()).collect::<Vec<_>>().join("、")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_read_as_itself() {
        for tag in Tag::ALL {
            assert_eq!(Category::read(tag.label()), Category::Tagged(*tag));
        }
        for state in ResidenceState::ALL {
            assert_eq!(ResidenceState::read(state.label()), Some(*state));
        }
    }

    #[test]
    fn the_words_of_registers_are_understood() {
        for (word, tag) in [
            ("低保户", Tag::SubsistenceAllowance),
            ("困难家庭", Tag::Needy),
            (" 外来 人员 ", Tag::Migrant),
            ("流动人口", Tag::Migrant),
            ("残疾", Tag::Disabled),
            ("特困人员", Tag::ExtremePoverty),
            ("脱贫监测对象", Tag::PovertyMonitored),
            ("８０岁以上老人", Tag::OldestOld),
        ] {
            assert_eq!(Category::read(word), Category::Tagged(tag), "{word}");
        }
        assert_eq!(Category::read("普通居民"), Category::Ordinary);
        assert_eq!(Category::read("社区矫正人员"), Category::Restricted);
        assert_eq!(Category::read("歌手"), Category::Unknown);
        assert_eq!(ResidenceState::read("空挂户"), Some(ResidenceState::RegisteredHereOnly));
        assert_eq!(ResidenceState::read("不知道"), None);
    }
}
