use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::error::{Error, Result};

/// Passwords that satisfy every rule of form and are still the first to be guessed.
const COMMON: &[&str] = &["password", "qwerty", "admin", "123456", "abc123", "111111", "jiamenkou", "doorstep"];

/// Says what is wrong with a password, as the rules of 等保2.0 are commonly applied: ten characters of three kinds,
/// without the login name and not one of the common ones.
pub fn weakness(password: &str, login_name: &str) -> Option<&'static str> {
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_uppercase(),
        |c| c.is_ascii_digit(),
        |c| !c.is_ascii_alphanumeric(),
    ];
    let lower = password.to_lowercase();
    if password.chars().count() < 10 {
        Some("密码至少要 10 个字符")
    } else if kinds.iter().filter(|kind| password.chars().any(**kind)).count() < 3 {
        Some("密码要包含大写字母、小写字母、数字、符号中的三种")
    } else if !login_name.is_empty() && lower.contains(&login_name.to_lowercase()) {
        Some("密码里不能包含登录名")
    } else if COMMON.iter().any(|common| lower.contains(common)) {
        Some("这个密码太常见，请换一个")
    } else {
        None
    }
}

/// Says what is wrong with a PIN: six digits, not all the same and not a run.
pub fn pin_weakness(pin: &str) -> Option<&'static str> {
    let digits: Vec<i16> = pin.bytes().map(i16::from).collect();
    if digits.len() != 6 || !pin.bytes().all(|b| b.is_ascii_digit()) {
        return Some("PIN 码是 6 位数字");
    }
    let steps: Vec<i16> = digits.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let even = steps.iter().all(|step| *step == steps[0]) && (-1..=1).contains(&steps[0]);
    even.then_some("PIN 码不能是相同或连续的数字")
}

/// Argon2id, in a thread of its own: it takes tens of milliseconds on purpose.
pub async fn hash(secret: String) -> Result<String> {
    let hashed = tokio::task::spawn_blocking(move || {
        Argon2::default().hash_password(secret.as_bytes()).map(|hash| hash.to_string())
    });
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => Err(Error::Internal(anyhow::anyhow!("argon2: {error}"))),
        Err(error) => Err(Error::Internal(error.into())),
    }
}

/// Whether a secret is the one behind a hash. Without a hash the same work is done, so that time does not tell which accounts exist.
pub async fn verify(secret: String, hash: Option<String>) -> bool {
    let work = move || match hash.as_deref().map(PasswordHash::new) {
        Some(Ok(hash)) => Argon2::default().verify_password(secret.as_bytes(), &hash).is_ok(),
        _ => {
            let _ = Argon2::default().hash_password(secret.as_bytes());
            false
        }
    };
    tokio::task::spawn_blocking(work).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_ones_are_named() {
        assert!(weakness("Short1!", "li").is_some());
        assert!(weakness("alllowercase", "li").is_some());
        assert!(weakness("Wangjuan-2026", "wangjuan").is_some());
        assert!(weakness("Password-2026", "li").is_some());
        assert_eq!(weakness("Beichuan-2026", "wangjf"), None);
        assert!(
            pin_weakness("123456").is_some() && pin_weakness("000000").is_some() && pin_weakness("12345").is_some()
        );
        assert_eq!(pin_weakness("135790"), pin_weakness("802413"));
    }

    #[tokio::test]
    async fn a_hash_opens_only_for_its_secret() {
        let hash = hash("Beichuan-2026".into()).await.unwrap();
        assert!(verify("Beichuan-2026".into(), Some(hash.clone())).await);
        assert!(!verify("Beichuan-2027".into(), Some(hash)).await);
        assert!(!verify("Beichuan-2026".into(), None).await);
    }
}
