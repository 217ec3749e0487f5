//! Where a task opens: the ERP's page with the order's values in it, else our own order page.

use url::form_urlencoded::byte_serialize;

use super::status::Source;

/// The pages of a flow and what lists call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) web_url: String,
    pub(crate) h5_url: String,
}

/// The values a link is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    pub(crate) source: Source,
    pub(crate) app: &'a str,
    pub(crate) order: i64,
    pub(crate) business_key: &'a str,
    pub(crate) task: &'a str,
    pub(crate) user: &'a str,
}

fn encode(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Fills `{orderId} {businessKey} {taskId} {userCode}`; without any of them the first three are
/// appended as query parameters (spec "Links").
pub(crate) fn fill(template: &str, values: Values<'_>) -> String {
    let order = values.order.to_string();
    let places = [
        ("{orderId}", order.as_str()),
        ("{businessKey}", values.business_key),
        ("{taskId}", values.task),
        ("{userCode}", values.user),
    ];
    if places.iter().any(|(place, _)| template.contains(place)) {
        return substitute(template, &places);
    }
    let (address, fragment) = match template.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (template, None),
    };
    let joint = if address.contains('?') { '&' } else { '?' };
    let mut link =
        format!("{address}{joint}orderId={order}&businessKey={}", encode(values.business_key));
    if !values.task.is_empty() {
        link.push_str(&format!("&taskId={}", encode(values.task)));
    }
    if let Some(fragment) = fragment {
        link.push('#');
        link.push_str(fragment);
    }
    link
}

/// One pass from left to right, so that a value that looks like a placeholder stays a value.
fn substitute(template: &str, places: &[(&str, &str)]) -> String {
    let mut link = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        link.push_str(before);
        match places.iter().find(|(place, _)| from.starts_with(place)) {
            Some((place, value)) => {
                link.push_str(&encode(value));
                rest = from.get(place.len()..).unwrap_or_default();
            }
            None => {
                link.push('{');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    link.push_str(rest);
    link
}

/// Our own page, for orders of our own and for one whose flow is not known.
pub(crate) fn own_page(public_url: &str, values: Values<'_>) -> String {
    // An ERP's order may have the same number.
    let source = match values.source {
        Source::ThirdParty => "",
        Source::Native => "&source=native",
    };
    format!(
        "{}/order/{}/{}?taskId={}{source}",
        public_url.trim_end_matches('/'),
        encode(values.app),
        values.order,
        encode(values.task)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: Values<'_> = Values {
        source: Source::ThirdParty,
        app: "APP001",
        order: 7,
        business_key: "a b/{taskId}",
        task: "T&1",
        user: "李四",
    };

    #[test]
    fn placeholders_are_filled_percent_encoded_and_only_once() {
        assert_eq!(
            fill("https://erp/{orderId}?k={businessKey}&t={taskId}&u={userCode}&x={other}", VALUES),
            "https://erp/7?k=a%20b%2F%7BtaskId%7D&t=T%261&u=%E6%9D%8E%E5%9B%9B&x={other}"
        );
    }

    #[test]
    fn without_placeholders_the_values_become_parameters() {
        assert_eq!(
            fill("https://erp/detail", VALUES),
            "https://erp/detail?orderId=7&businessKey=a%20b%2F%7BtaskId%7D&taskId=T%261"
        );
        assert!(
            fill("https://erp/detail?a=1#/x", VALUES)
                .starts_with("https://erp/detail?a=1&orderId=7")
        );
        assert!(fill("https://erp/detail?a=1#/x", VALUES).ends_with("#/x"));
    }

    #[test]
    fn an_order_without_flow_and_one_of_our_own_open_on_our_own_page() {
        assert_eq!(
            own_page("https://aiflow/", VALUES),
            "https://aiflow/order/APP001/7?taskId=T%261"
        );
        assert_eq!(
            own_page("https://aiflow/", Values { source: Source::Native, ..VALUES }),
            "https://aiflow/order/APP001/7?taskId=T%261&source=native"
        );
    }
}
