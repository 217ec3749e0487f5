//! The token a request brings: as a bearer, else in our cookie.

use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap};

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Presented<'a> {
    Nothing,
    Bearer(&'a str),
    Cookie(&'a str),
    /// Two that differ: nobody can say which one is meant.
    Ambiguous,
}

/// A bearer wins: a program that sends one does not care which cookies travel along.
pub(crate) fn read<'a>(headers: &'a HeaderMap, cookie: &str) -> Presented<'a> {
    let bearers = headers.get_all(AUTHORIZATION).filter_map(|value| bearer(value.to_str().ok()?));
    match only(bearers) {
        Only::One(token) => Presented::Bearer(token),
        Only::Several => Presented::Ambiguous,
        Only::None => {
            let pairs = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
            let pairs = pairs.flat_map(|line| line.split(';'));
            let ours = pairs.filter_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                (name.trim() == cookie).then(|| value.trim())
            });
            match only(ours) {
                Only::One(token) => Presented::Cookie(token),
                Only::Several => Presented::Ambiguous,
                Only::None => Presented::Nothing,
            }
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

enum Only<'a> {
    None,
    One(&'a str),
    Several,
}

fn only<'a>(mut all: impl Iterator<Item = &'a str>) -> Only<'a> {
    let Some(first) = all.next() else { return Only::None };
    if all.all(|other| other == first) { Only::One(first) } else { Only::Several }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn check(pairs: &[(&'static str, &'static str)], expected: Presented<'_>) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }

        assert_eq!(read(&headers, "__Host-aiflow_session"), expected, "{pairs:?}");
    }

    #[test]
    fn a_bearer_wins_over_the_cookie() {
        let cookie = ("cookie", "a=b; __Host-aiflow_session=c");

        check(&[], Presented::Nothing);
        check(&[("authorization", "Bearer t")], Presented::Bearer("t"));
        check(&[("authorization", "bEARER  t ")], Presented::Bearer("t"));
        check(&[("authorization", "Bearer t"), cookie], Presented::Bearer("t"));
        check(&[("authorization", "Basic dTpw"), cookie], Presented::Cookie("c"));
        check(&[("authorization", "Bearer"), cookie], Presented::Cookie("c"));
    }

    #[test]
    fn only_our_own_cookie_counts() {
        check(&[("cookie", "aiflow_session=c")], Presented::Nothing);
        check(&[("cookie", "__host-aiflow_session=c")], Presented::Nothing);
        check(&[("cookie", "x__Host-aiflow_session=c")], Presented::Nothing);
        check(&[("cookie", "__Host-aiflow_session")], Presented::Nothing);
        check(&[("cookie", "__Host-aiflow_session=")], Presented::Cookie(""));
        check(&[("cookie", "a=1"), ("cookie", "__Host-aiflow_session=c")], Presented::Cookie("c"));
    }

    #[test]
    fn two_that_differ_are_none() {
        check(
            &[("authorization", "Bearer a"), ("authorization", "Bearer b")],
            Presented::Ambiguous,
        );
        check(
            &[("cookie", "__Host-aiflow_session=a; __Host-aiflow_session=b")],
            Presented::Ambiguous,
        );
        check(
            &[("cookie", "__Host-aiflow_session=a; __Host-aiflow_session=a")],
            Presented::Cookie("a"),
        );
    }
}
