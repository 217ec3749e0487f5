//! Where an order of our own opens.

use url::form_urlencoded::byte_serialize;

/// The page of an order of our own engine, with one of its tasks in view.
pub(crate) fn order_page(public_url: &str, app: &str, order: i64, task: &str) -> String {
    let encode =
        |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let base = public_url.trim_end_matches('/');
    format!("{base}/order/{}/{order}?taskId={}&source=native", encode(app), encode(task))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_page_that_the_task_centre_links_to() {
        let page = order_page("https://aiflow.example.com/", "APP 1", 7, "7-1");

        assert_eq!(page, "https://aiflow.example.com/order/APP%201/7?taskId=7-1&source=native");
    }
}
