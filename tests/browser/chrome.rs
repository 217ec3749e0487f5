//! Debian's Chromium, driven over WebDriver; a driver and a profile of its own for each browser.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

const MISSING: &str =
    "no chromedriver on the PATH: install the packages chromium and chromium-driver";
const PATIENCE: Duration = Duration::from_secs(20);

/// One browser window with an empty profile; closed when dropped.
pub(crate) struct Chrome {
    client: Client,
    driver: Child,
    profile: PathBuf,
}

impl Chrome {
    pub(crate) async fn open() -> Self {
        let (driver, port) = start_driver();
        let name = shared::testing::unique("chrome-");
        let profile = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&profile).unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-proxy-server",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let wanted = json!({ "goog:chromeOptions": { "args": arguments } });
        let mut builder =
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
        builder.capabilities(wanted.as_object().unwrap().clone());
        let client = builder.connect(&format!("http://127.0.0.1:{port}")).await;
        let client = client.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        Self { client, driver, profile }
    }

    pub(crate) async fn go(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Waits until something is on the page and types into it.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.wait_for(css).await;
        field.send_keys(text).await.unwrap();
    }

    /// Waits until something is on the page and clicks it.
    pub(crate) async fn click(&self, css: &str) {
        self.wait_for(css).await.click().await.unwrap();
    }

    /// What the page says.
    pub(crate) async fn text(&self) -> String {
        self.wait_for("body").await.text().await.unwrap()
    }

    /// Waits until the window shows an address of which this holds.
    pub(crate) async fn until_at(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let began = std::time::Instant::now();
        loop {
            let url = self.url().await;
            if fits(&url) {
                return url;
            }
            if began.elapsed() > PATIENCE {
                panic!("waited in vain until at {what}; at {url}: {}", self.text().await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Fetches in the page, as its own script would: HTTP status and JSON.
    pub(crate) async fn fetch(&self, path: &str) -> (i64, Value) {
        let script = "const done = arguments[1]; fetch(arguments[0], {headers: {Accept: 'application/json'}})\
             .then(async answer => done([answer.status, await answer.json()]))\
             .catch(error => done([0, String(error)]));";
        let answer = self.client.execute_async(script, vec![json!(path)]).await.unwrap();
        (answer[0].as_i64().unwrap(), answer[1].clone())
    }

    /// Every cookie of the page's site that a browser holds, also those that scripts cannot see.
    pub(crate) async fn cookies(&self) -> Vec<String> {
        let all = self.client.get_all_cookies().await.unwrap();
        all.into_iter().map(|cookie| cookie.name().to_owned()).collect()
    }

    /// What scripts see of the cookies.
    pub(crate) async fn visible_cookies(&self) -> String {
        let seen = self.client.execute("return document.cookie", Vec::new()).await.unwrap();
        seen.as_str().unwrap().to_owned()
    }

    async fn wait_for(&self, css: &str) -> fantoccini::elements::Element {
        let found: Result<_, CmdError> =
            self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no {css} at {}: {error}", self.url().await),
        }
    }

    /// Closes the window; a test that fails leaves that to the driver's end.
    pub(crate) async fn close(self) {
        // The driver is ended below in any case.
        let _ = self.client.clone().close().await;
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        // Ending chromedriver ends its Chromium; both may be gone already.
        let _ = Command::new("kill").args(["-TERM", &self.driver.id().to_string()]).status();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// Starts a driver on a port of its choice, and reads from it which one that is.
fn start_driver() -> (Child, u16) {
    let mut command = Command::new("chromedriver");
    command.args(["--port=0"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut driver = command.spawn().unwrap_or_else(|error| panic!("{MISSING} ({error})"));
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let (said, heard) = mpsc::channel();
    // Reads on, so that the driver never waits for somebody to listen.
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let port = line.strip_prefix("ChromeDriver was started successfully on port ");
            let port = port.map(|rest| rest.trim_end_matches('.').parse());
            if let Some(Ok(port)) = port {
                // Only the first number is waited for.
                let _ = said.send(port);
            }
        }
    });
    let port = heard.recv_timeout(PATIENCE);
    (driver, port.unwrap_or_else(|_| panic!("chromedriver did not say where it listens")))
}
