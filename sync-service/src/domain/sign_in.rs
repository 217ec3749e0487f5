//! Somebody signs in: how their mobile may be spelled here, and the person they become if they are new.

use shared::patch::Patch;

use super::user::Proposal;

/// Somebody whom a sign-in brings.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) mobile: Option<String>,
    pub(crate) email: Option<String>,
}

impl Newcomer {
    /// The same row that an ERP would send, for the same rules.
    pub(crate) fn proposal(self, dept_id: String) -> Proposal {
        let optional = |value: Option<String>| value.map_or(Patch::Keep, Patch::Set);
        Proposal {
            user_name: self.name.clone(),
            real_name: Patch::Set(self.name),
            email: optional(self.email),
            mobile: optional(self.mobile.and_then(|text| spellings(&text).into_iter().next())),
            dept_id,
            personnel_type: None,
            supervisor: Patch::Keep,
            active: None,
            title: Patch::Keep,
            roles: Patch::Keep,
            code: self.code,
        }
    }
}

/// Every spelling in which a mobile may be stored: a number of the mainland with and without 86.
/// One of another country is never taken for one of the mainland, which it may look like without its
/// plus. Nothing for what is no mobile, full-width digits included.
pub(crate) fn spellings(mobile: &str) -> Vec<String> {
    let bare: String = mobile.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let abroad = bare.strip_prefix('+').or(bare.strip_prefix("00"));
    let digits = abroad.unwrap_or(&bare);
    if !(5..=20).contains(&digits.len()) || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return Vec::new();
    }
    let is_mainland = |number: &&str| number.len() == 11 && number.starts_with('1');
    let local = match abroad {
        Some(_) => None,
        None => Some(digits).filter(is_mainland),
    };
    match local.or(digits.strip_prefix("86").filter(is_mainland)) {
        Some(local) => vec![local.to_owned(), format!("+86{local}"), format!("86{local}")],
        None if is_mainland(&digits) => vec![format!("+{digits}")],
        None => vec![digits.to_owned(), format!("+{digits}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_mobile_finds_every_other() {
        let all = ["13800138000", "+8613800138000", "8613800138000"];
        for spelling in ["13800138000", "+86-138-0013-8000", "138 0013 8000", "008613800138000"] {
            assert_eq!(spellings(spelling), all, "{spelling}");
        }
        assert_eq!(spellings("+85291234567"), ["85291234567", "+85291234567"]);
    }

    #[test]
    fn a_number_of_another_country_is_none_of_ours() {
        assert_eq!(spellings("+1 415-555-0100"), ["+14155550100"]);
        assert_eq!(spellings("0014155550100"), ["+14155550100"]);
        assert_eq!(spellings("14155550100"), ["14155550100", "+8614155550100", "8614155550100"]);
    }

    #[test]
    fn what_is_no_mobile_finds_nobody() {
        for wrong in ["", "1380013800x", "１３８００１３８０００", "+", "1234", &"1".repeat(21)]
        {
            assert!(spellings(wrong).is_empty(), "{wrong}");
        }
    }
}
