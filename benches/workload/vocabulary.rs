//! What titles are made of, and who is invited.

use super::dice::{Dice, Zipf};

/// How many words titles choose from, those of other scripts aside.
pub const WORDS: usize = 4_000;
/// How many customers have a domain.
pub const CUSTOMERS: usize = 3_000;
/// The organisation's own domains, the first by far the most used.
pub const OWN_DOMAINS: [&str; 2] = ["acme.example", "acme-labs.example"];
/// Domains that anybody has an address at.
pub const MAIL_DOMAINS: [&str; 4] = ["gmail.com", "outlook.com", "yahoo.com", "icloud.com"];
/// The customer of the smallest rule set.
pub const THE_CUSTOMER: &str = "customer.example";
/// Whose calendars are read.
pub const ME: &str = "kim@acme.example";
/// Whose one-on-ones are nobody's business.
pub const MANAGER: &str = "dana@acme.example";
/// How many colleagues there are.
pub const COLLEAGUES: usize = 400;

/// The commonest words of titles of meetings.
const COMMON: &str = "meeting weekly sync team review call project planning standup update catchup product demo sales interview design \
    marketing roadmap budget kickoff onboarding training workshop retro sprint customer status office hours board strategy quarterly \
    monthly daily check lunch coffee all hands town hall launch release support incident postmortem platform data security legal \
    finance hr private confidential partner vendor pricing pipeline forecast renewal contract proposal discovery feedback research \
    user testing architecture engineering mobile backend frontend infra migration hiring candidate panel debrief intro followup \
    prep session offsite travel visit webinar event campaign content brand growth analytics metrics report compliance audit risk";

/// Words of other scripts.
const JAPANESE: &str = "会議 定例 打ち合わせ 面談 営業 開発 設計 報告 相談 確認 採用 面接 研修 企画 予算 契約 顧客 製品 進捗 共有 調整 \
    プロジェクト レビュー ミーティング キックオフ チーム 週次 月次 四半期 戦略 法務 経理 人事 広報 部長 課長 朝会 夕会 振り返り 勉強会 懇親会 \
    説明会 株主 監査 請求 発注 納品 検収 障害 対応 移行 計画 方針 検討 資料 提案 見積 訪問 出張 東京 大阪 名古屋 福岡 札幌";

const EMOJI: &str = "🚀 🎉 ☕ 📅 ✅ 🔥 💡 📈 🎯 🍕 🐛 🔒 🏆 👋 🤝 📣";

const ACCENTED: &str = "café résumé über naïve señor año möglich façade élan jalapeño";

/// The words and domains, and how often each is met.
#[derive(Debug)]
pub struct Vocabulary {
    pub words: Vec<String>,
    pub foreign: Vec<&'static str>,
    pub customers: Vec<String>,
    often_words: Zipf,
    often_foreign: Zipf,
    often_customers: Zipf,
}

impl Vocabulary {
    /// The one vocabulary: it depends on nothing.
    pub fn new() -> Self {
        let words = words();
        let foreign: Vec<&str> = JAPANESE.split_whitespace().collect();
        let customers: Vec<String> = customers();
        Self {
            often_words: Zipf::new(words.len()),
            often_foreign: Zipf::new(foreign.len()),
            often_customers: Zipf::new(customers.len()),
            words,
            foreign,
            customers,
        }
    }

    /// A word as often as it is met.
    pub fn word(&self, dice: &mut Dice) -> &str {
        &self.words[self.often_words.place(dice)]
    }

    /// A word of another script.
    pub fn foreign_word(&self, dice: &mut Dice) -> &'static str {
        self.foreign[self.often_foreign.place(dice)]
    }

    /// A customer's domain as often as it is met.
    pub fn customer(&self, dice: &mut Dice) -> &str {
        &self.customers[self.often_customers.place(dice)]
    }
}

/// A picture, or a word with an accent.
pub fn ornament(dice: &mut Dice) -> &'static str {
    let from = if dice.happens(0.7) { EMOJI } else { ACCENTED };
    let all: Vec<&'static str> = from.split_whitespace().collect();
    all[dice.between(0, all.len())]
}

/// A colleague's address.
pub fn colleague(place: usize) -> String {
    let domain = OWN_DOMAINS[usize::from(place % 12 == 11)];
    format!("{}.{}@{domain}", syllables(&mut Dice::new(place as u64 + 77), 2), place)
}

/// The common words, then made-up ones, each once.
fn words() -> Vec<String> {
    let mut dice = Dice::new(4_000);
    let mut words: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let made_up = std::iter::from_fn(|| {
        let count = dice.between(2, 5);
        Some(syllables(&mut dice, count))
    });
    for word in COMMON.split_whitespace().map(str::to_owned).chain(made_up) {
        if seen.insert(word.clone()) {
            words.push(word);
        }
        if words.len() == WORDS {
            break;
        }
    }
    words
}

fn customers() -> Vec<String> {
    let mut dice = Dice::new(3_000);
    let named = (1..CUSTOMERS).map(|place| {
        let count = dice.between(2, 4);
        format!("{}{place}.example", syllables(&mut dice, count))
    });
    std::iter::once(THE_CUSTOMER.to_owned()).chain(named).collect()
}

fn syllables(dice: &mut Dice, count: usize) -> String {
    let (begins, ends) = (
        ["b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl"],
        ["a", "e", "i", "o", "u", "an", "er", "ix", "ol"],
    );
    (0..count).flat_map(|_| [*dice.pick(&begins), *dice.pick(&ends)]).collect()
}
